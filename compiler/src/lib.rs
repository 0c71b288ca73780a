//! From syntax trees to verified bytecode: names, types, plans, code.
