//! Configurations as files: valid ones, and one per problem.

use pointsman::config;
#[test]
fn smoke() {
    for name in ["smallest", "example", "full"] {
        let bytes = std::fs::read(format!("tests/configs/valid/{name}.json")).unwrap();
        match config::parse(&bytes) {
            Ok(config) => println!("{config:#?}"),
            Err(problems) => println!("{name}:\n{problems}"),
        }
    }
}
