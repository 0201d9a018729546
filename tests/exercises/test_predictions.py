"""A prediction is noted and shown beside what came out; a question about earlier notebooks says what is wrong."""

import pytest

from charrnn_helpers.exercises import came_out, check, hint, predict, predictions, solution

CHOICES, LISTED = ("none", "one", "both"), '"none", "one" or "both"'
QUESTIONS = predictions._questions()


@pytest.fixture
def said(capsys, monkeypatch):
    """`said(predict, "1.6", ...)`: what that call prints. No prediction has been made before."""
    monkeypatch.setattr(predictions, "_PREDICTED", {})

    def say(call, *given):
        call(*given)
        return capsys.readouterr().out.removesuffix("\n")

    return say


def test_a_prediction_is_noted_and_shown_beside_what_came_out(said):
    assert said(predict, "1.6", " One ", *CHOICES) == '1.6: you predict "one".'
    assert said(came_out, "1.6", "both") == '1.6: you predicted "one"; it came out "both".'
    assert said(came_out, "1.6", "one") == '1.6: you predicted "one", and so it came out.'
    assert said(predict, "1.7", 0.3) == "1.7: you predict 0.3."
    assert said(came_out, "1.7", 0.25) == "1.7: you predicted 0.3; it came out 0.25."


@pytest.mark.parametrize("blank", [..., None])
def test_without_a_prediction_the_notebook_goes_on_and_says_so(said, blank):
    assert said(predict, "1.6", blank, *CHOICES) == f"1.6: no prediction yet. Write {LISTED} in place of the dots."
    assert said(predict, "1.7", blank) == "1.7: no prediction yet. Write what you expect in place of the dots."
    assert said(came_out, "1.6", "one") == '1.6: you made no prediction; it came out "one".'


@pytest.mark.parametrize("word", ["two", 2, ""])
def test_a_word_that_is_no_choice_gets_one_sentence_and_takes_the_prediction_back(said, word):
    said(predict, "1.6", "one", *CHOICES)
    assert said(predict, "1.6", word, *CHOICES) == f"1.6: {word!r} is not one of the answers; write {LISTED}"
    assert said(came_out, "1.6", "one") == '1.6: you made no prediction; it came out "one".'


@pytest.mark.parametrize("number", QUESTIONS)
def test_a_question_is_open_then_right_or_says_why_an_answer_is_wrong(said, number):
    right, wrong = QUESTIONS[number]["answer"], QUESTIONS[number]["wrong"]
    for blank in (..., None):
        sentence = said(check, number, blank)
        assert sentence.startswith(f"{number} is still open. Write ")
        assert all(f'"{choice}"' in sentence for choice in (right, *wrong))
    assert said(check, number, f" {right.upper()} ") == f"{number} is right."
    for choice, sentence in wrong.items():
        assert said(check, number, choice) == f"{number}, not yet: {sentence}"
    assert said(check, number, "the cat").startswith(f"{number}: 'the cat' is not one of the answers; write ")
    given = (..., right, *wrong, "the cat")
    assert [check(number, answer).state for answer in given] == ["still open", "solved", *["tried"] * (len(wrong) + 1)]


def test_a_question_has_no_hints_and_its_solution_is_its_answer(said):
    assert said(hint, "3A").startswith("3A has no hints")
    assert said(solution, "3A") == f'"{QUESTIONS["3A"]["answer"]}"'
