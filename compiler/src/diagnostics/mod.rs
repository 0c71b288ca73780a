//! The messages of the checker: one code, one file, with its page, its constructors and its test.
//!
//! [`PAGES`] is the registry that `grizzlyc explain` reads. Constructors state the problem in one
//! line, mark exactly the offending place and say how it is mended; a fix is attached where it is
//! certain.

use grizzly_grammar::{Diagnostic, Page, Span};
use smol_str::SmolStr;

#[cfg(test)]
pub(crate) mod testing;

macro_rules! pages {
    ($($module:ident),* $(,)?) => {
        $(mod $module;)*

        /// The pages of all codes, in the order of the codes.
        pub const PAGES: &[Page] = &[$($module::PAGE),*];
    };
}

pages! {
    e0300, e0301, e0302, e0303, e0304, e0305, e0306, e0307, e0308, e0309,
    e0310, e0311, e0312, e0313, e0314, e0315, e0316, e0317, e0318, e0319,
    e0320, e0321, e0322, e0323, e0324, e0325, e0326, e0327, e0328, e0329,
    e0330, e0331, e0332, e0333, e0334, e0335, e0336, e0337, e0338, e0339,
    e0340, e0341, e0342, e0343, e0344, e0345, e0346, e0347, e0348, e0349,
    e0350, e0351, e0352, e0353, e0354, e0355, e0357, e0358, e0359,
    e0360,
    e0370, e0371, e0372, e0373, e0374, e0375, e0376,
    e0380, e0381, e0382, e0385, e0386, e0388, e0389,
    e0390, e0391, e0392, e0393, e0394, e0395, e0396, e0397,
}

pub(crate) use e0300::not_supported;
pub(crate) use e0301::{unknown_table, unknown_view};
pub(crate) use e0302::unknown_column;
pub(crate) use e0303::unknown_name;
pub(crate) use e0304::unknown_function;
pub(crate) use e0305::unknown_type;
pub(crate) use e0306::{ambiguous_column, column_or_local};
pub(crate) use e0307::duplicate_name;
pub(crate) use e0308::type_mismatch;
pub(crate) use e0309::{no_operator, no_prefix_operator};
pub(crate) use e0310::bad_constant;
pub(crate) use e0311::wrong_arguments;
pub(crate) use e0312::no_form;
pub(crate) use e0313::misplaced_aggregate;
pub(crate) use e0314::not_grouped;
pub(crate) use e0315::alias_not_visible;
pub(crate) use e0316::bad_ordinal;
pub(crate) use e0317::not_a_condition;
pub(crate) use e0318::no_common_type;
pub(crate) use e0319::no_value;
pub(crate) use e0320::not_exhaustive;
pub(crate) use e0321::unreachable_arm;
pub(crate) use e0322::undeclared_exception;
pub(crate) use e0323::not_an_exception;
pub(crate) use e0324::{fixed_target, unknown_target};
pub(crate) use e0325::no_field;
pub(crate) use e0326::wrong_width;
pub(crate) use e0327::{null_argument, null_value};
pub(crate) use e0328::null_comparison;
pub(crate) use e0329::{impure, misplaced_effect};
pub(crate) use e0330::already_exists;
pub(crate) use e0331::outside_loop;
pub(crate) use e0332::{missing_result, outside_function, unexpected_result};
pub(crate) use e0333::unused;
pub(crate) use e0334::shadows;
pub(crate) use e0335::no_where;
pub(crate) use e0336::implicit_cross_join;
pub(crate) use e0337::unused_result;
pub(crate) use e0338::late;
pub(crate) use e0339::{variable_in_function, variable_in_view};
pub(crate) use e0340::{breaks_check, breaks_constraint};
pub(crate) use e0341::variable_type;
pub(crate) use e0342::recursive_type;
pub(crate) use e0343::missing_fields;
pub(crate) use e0344::no_cast;
pub(crate) use e0345::bad_key;
pub(crate) use e0346::length_ignored;
pub(crate) use e0347::concat_booleans;
pub(crate) use e0348::comparison_statement;
pub(crate) use e0349::constant_raises;
pub(crate) use e0350::misplaced_statement;
pub(crate) use e0351::hides_builtin;
pub(crate) use e0352::quoted_column;
pub(crate) use e0353::unreachable_code;
pub(crate) use e0354::not_constant;
pub(crate) use e0355::{not_a_name, unknown_variable};
pub(crate) use e0357::not_in_distinct;
pub(crate) use e0358::assigned_twice;
pub(crate) use e0359::bad_decimal;
pub(crate) use e0360::no_index;
pub(crate) use e0370::subquery_width;
pub(crate) use e0371::set_width;
pub(crate) use e0372::outside_join;
pub(crate) use e0373::{misplaced_recursion, recursive_type_differs};
pub(crate) use e0374::needed_by_views;
pub(crate) use e0375::{view_not_table, wrong_drop};
pub(crate) use e0376::{broken_object, duplicate_column, recursive_view};
pub(crate) use e0380::no_arbiter;
pub(crate) use e0381::index_of_constraint;
pub(crate) use e0382::unknown_index;
pub(crate) use e0385::file_option;
pub(crate) use e0386::file_unusable;
pub(crate) use e0388::unknown_setting;
pub(crate) use e0389::{read_only_table, unknown_object};
pub(crate) use e0390::{untyped_function, untyped_parameter};
pub(crate) use e0391::captured_target;
pub(crate) use e0392::{lambda_width, not_callable};
pub(crate) use e0393::not_iterable;
pub(crate) use e0394::unlisted_exception;
pub(crate) use e0395::kept_function;
pub(crate) use e0396::{arrays_only, not_a_collection};
pub(crate) use e0397::unknown_prepared;

/// Adds "did you mean" with its fix, or says that nothing is similar.
fn suggest(diagnostic: Diagnostic, span: Span, similar: Option<&str>, what: &str) -> Diagnostic {
    match similar {
        Some(similar) => diagnostic
            .with_help(format!("{what} with a similar name exists: `{similar}`"))
            .with_fix(span, similar, format!("write `{similar}`")),
        None => diagnostic,
    }
}

/// Names as a list in prose.
fn list(names: &[SmolStr]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}
