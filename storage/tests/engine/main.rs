//! Tests of the storage engine through its public interface.

mod basics;
mod blocks;
mod crash;
mod damage;
mod model;
mod support;
mod transactions;
