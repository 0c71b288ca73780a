//! Generates the parser from the grammar.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=src/grizzly.lalrpop");
    lalrpop::Configuration::new().use_cargo_dir_conventions().emit_rerun_directives(false).process()
}
