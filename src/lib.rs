//! PL-Grizzly: the library facade.
