"""Exit codes mean one thing each, and every error carries one."""

from evalkit import errors


def test_every_exit_code_is_documented() -> None:
    assert set(errors.EXIT_CODES) == set(errors.ExitCode)


def test_every_error_class_has_a_code_and_a_docstring() -> None:
    todo = [errors.EvalkitError]
    while todo:
        kind = todo.pop()
        todo += kind.__subclasses__()
        assert kind.exit_code in errors.ExitCode
        assert kind.exit_code != errors.ExitCode.OK
        assert kind.__doc__


def test_an_error_reads_as_a_sentence_with_advice() -> None:
    assert str(errors.ModelError("It broke.", "Mend it.")) == "It broke. Mend it."
