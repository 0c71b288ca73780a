//! Lexer, parser, syntax tree and diagnostics of PL-Grizzly.
