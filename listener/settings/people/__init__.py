"""
Whether words look like a person's name: grammar (`words`), lists (`known`), rules (`likeness`, `unspaced`). Used by `naming`.
"""
