"""Thoughts and answers are told apart in the forms that models and servers write them."""

from __future__ import annotations

import pytest

from evalkit.reading.thoughts import cut_answer, opens_thoughts, split_thoughts, template_thinks

HARMONY_FINAL = "<|start|>assistant<|channel|>final<|message|>B"
FORMS = {
    "think": "<think>Is it A? No.</think>B",
    "empty": "<think>\n\n</think>\n\nB",
    "blank lines around": "\n<think>\nA?\n\nNo.\n</think>\n\nB",
    "no opening mark": "It could be A.\n</think>\n\nB",
    "closing mark alone": "</think>B",
    "upper case": "<THINK>A</Think>B",
    "attribute": '<thinking budget="high">A</thinking>\nB',
    "self-closing": "<think/>B",
    "reasoning with answer tags": "<reasoning>A</reasoning>\n<answer>\nB\n</answer>",
    "thought": "<thought>A</thought>B",
    "thought and output": "<Thought>A</Thought><Output>B</Output>",
    "response tags": "<think>\nA\n</think>\n\n<response>\nB\n</response>\n",
    "nested": "<think>a<think>b</think>c</think>B",
    "mentions its own mark": "<think>The <think> tag, A</think>B",
    "quotes its closing mark": "<think>then `</think>` ends it</think>B",
    "two blocks": "<think>a</think><think>b</think>B",
    "closed twice": "<think>a</think> more </think>B",
    "closed by a sibling": "<think>A</thinking>B",
    "never closed but answered": "<think>A <answer>B</answer>",
    "open code in thoughts": "<think>try ```py\nx\n</think>\nB",
    "open code before a bare closing mark": "try A\n```\nx</think>\nB",
    "turn tokens before": "<|im_start|>assistant\n<think>A</think>B",
    "kimi": "◁think▷A◁/think▷B",
    "magistral": "[THINK]A[/THINK]B",
    "begin of thought": "<|begin_of_thought|>\nA\n<|end_of_thought|>\n\n<|begin_of_solution|>\nB\n<|end_of_solution|>",
    "seed": "<seed:think>A<seed:cot_budget_reflect>x</seed:cot_budget_reflect></seed:think>B",
    "longcat": "<longcat_think>\nA\n</longcat_think>\nB",
    "cohere": "<|START_THINKING|>A<|END_THINKING|><|START_RESPONSE|>B<|END_RESPONSE|>",
    "gemma": "<|channel>thought\nA<channel|>B",
    "solar": "<|think|>A<|end|><|begin|>assistant<|content|>B",
    "details": '<details type="reasoning" done="true"><summary>x</summary>A</details>\nB',
    "granite": "Here is my thought process:\nA?\n\nHere is my response:\nB",
    "granite, bold": "**Here's my thought process:**\nA?\n\n**Here's my response:**\n\nB",
    "apriel": "Here are my reasoning steps:\nA\n[BEGIN FINAL RESPONSE]\nB\n[END FINAL RESPONSE]\n<|end|>",
    "harmony": f"<|channel|>analysis<|message|>A?<|end|>{HARMONY_FINAL}<|return|>",
    "harmony with a tool": "<|start|>assistant<|channel|>analysis<|message|>A?<|end|><|start|>assistant"
    f"<|channel|>commentary to=functions.f <|constrain|>json<|message|>{{}}<|call|>{HARMONY_FINAL}",
    "harmony without tokens": "analysisWe need A?assistantfinalB",
    "harmony without tokens, small letter": "analysisthe user wants A?assistantfinalB",
    "harmony without tokens, a number": "analysis1 + 1, the assistant finally says Aassistantfinal B",
    "harmony without tokens, lines": "analysis\nWe need A?\nassistant\n\nfinal\n\nB",
    "harmony without tokens, a space": 'analysis "A"? assistant final\nB',
    "harmony without tokens, a tool": "analysisA?assistantcommentary to=functions.f json{}assistantfinalB",
    "harmony without tokens, header first": "assistantanalysisWe need A?assistantfinalB",
    "harmony without tokens, no thoughts": "assistantfinalB",
    "apertus": "<|inner_prefix|>A?<|inner_suffix|>B",
    "apertus behind its turn": "<|assistant_start|><|inner_prefix|>\nA?\n<|inner_suffix|>\nB",
    "apertus opened by the prompt": "A?<|inner_suffix|>B",
    "medgemma": "<unused94>thought\nA?<unused95>B",
    "medgemma without its word": "<unused94>A?<unused95>\n\nB",
    "thinking start": "<|thinking_start|>A<|thinking_end|>B",
    "scratch pad": "<scratch_pad>A</scratch_pad>B",
}
CUT = {
    "mark alone": "<think>",
    "thoughts": "<think>I think A, because",
    "half a closing mark": "<think>I think A</thi",
    "second block": "<think>a</think>\n<think>A",
    "harmony": "<|channel|>analysis<|message|>A?",
    "harmony, header begun": "<|channel|>analysis<|message|>A?<|end|><|start|>assistant",
    "harmony without tokens": "analysisWe need A?",
    "granite": "Here is my thought process:\nA",
    "magistral": "[THINK]A",
    "apertus": "<|inner_prefix|>A, because",
    "medgemma": "<unused94>thought\nA, because",
}
PLAIN = (
    "B",
    "",
    "\n\nB",
    "analysis of A",
    "analysis\nThe assistant finally says B",
    "the assistant final exam",
    "commentary on A",
    "The tokens <unused1> and <|inner|> stand for nothing",
    "The tag <think> opens thoughts and </think> ends them.",
    "The tag </think> ends thoughts.",
    "Models end thoughts with `</think>`.",
    'Models write "<think>" first, then "</think>".',
    "```xml\n<think>\nA\n</think>\n```\nB",
    "B\n```\n<think>",
    "<details><summary>x</summary>A</details>\nB",
    "3 < 5, x<think y",
    "I think <thoughtful> answers are best.",
)


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS.keys())
def test_the_answer_stands_behind_thoughts(text: str) -> None:
    split = split_thoughts(text)
    assert split.answer.strip() == "B"
    assert split.has_thoughts
    assert not split.is_cut
    assert split.answer_start is not None
    assert text[split.answer_start] == "B"
    assert "B" not in split.thoughts


@pytest.mark.parametrize("text", CUT.values(), ids=CUT.keys())
def test_a_text_that_ends_in_thoughts_has_no_answer(text: str) -> None:
    split = split_thoughts(text)
    assert split.is_cut
    assert split.answer.strip() == ""
    assert split.answer_start is None


@pytest.mark.parametrize("text", PLAIN)
def test_marks_that_are_text_are_no_thoughts(text: str) -> None:
    split = split_thoughts(text)
    assert split.answer == text
    assert not split.has_thoughts
    assert not split.is_cut


def test_closed_thoughts_without_an_answer_are_not_cut() -> None:
    for text in ("<think>A</think>", "<think></think>\n"):
        split = split_thoughts(text)
        assert split.has_thoughts
        assert not split.is_cut
        assert split.answer == ""


def test_several_blocks_are_all_thoughts() -> None:
    split = split_thoughts("<think>a</think>Let me check. <think>b</think>B")
    assert split.answer == "Let me check. B"
    assert split.thoughts == "a\nb"
    assert split_thoughts("Okay.\n<think>A?</think>\nB").answer == "Okay.\n\nB"


def test_a_sentence_about_marks_behind_thoughts_stays_in_the_answer() -> None:
    answer = "Answer: B\nThe tag </think> ends them."
    assert split_thoughts(f"<think>A</think>{answer}").answer == answer


@pytest.mark.parametrize(
    "text",
    [
        "A?</think>B",
        "a <think> b</think>c</think>B",
        "A[/THINK]B",
        f"A<|end|>{HARMONY_FINAL}",
        "in </details> A</think>B",
    ],
)
def test_the_prompt_may_have_opened_the_thoughts(text: str) -> None:
    assert split_thoughts(text, is_open=True).answer == "B"
    assert split_thoughts("A, since", is_open=True).is_cut


def test_a_prompt_tells_whether_it_opens_thoughts() -> None:
    for prompt in ("Q?<|Assistant|><think>\n", "Q? [THINK]", "x<|channel|>analysis<|message|>"):
        assert opens_thoughts(prompt)
    for prompt in ("", "Q?", "Q?<think>\n\n</think>\n\n", "What is <think>?", "<|start|>assistant"):
        assert not opens_thoughts(prompt)


def test_a_template_tells_whether_its_model_can_think() -> None:
    assert template_thinks("{% if enable_thinking %}<think>\n\n</think>{% endif %}")
    assert template_thinks("{{ '<|Assistant|><think>\\n' }}")
    assert template_thinks("<|start|>assistant<|channel|>analysis<|message|>")
    assert not template_thinks("{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}")


def test_white_space_before_an_answer_is_no_answer() -> None:
    assert cut_answer("\n\nB\n\nQ: next", ("\n\n",)) == "\n\nB"
    assert cut_answer("B. So\n\nQ", ("\n\n", ".")) == "B"
    assert cut_answer("\n\n", ("\n\n",)) == "\n\n"
    assert cut_answer(" B", ()) == " B"
    assert cut_answer("STOP B", ("STOP",)) == ""


@pytest.mark.parametrize(
    "text",
    [
        "x\n" + "<think>\n" * 20_000,
        "<think>" * 20_000,
        "</think>" * 20_000,
        "<think></think>" * 20_000,
        "\n```\n<think>" * 20_000,
        "<think><thinking>" * 20_000,
        " " * 300_000,
        "<" * 300_000,
        "<think " * 20_000,
        "<|end|>" * 20_000,
        "<|channel|>a" * 20_000,
        "analysisX" + "assistant" * 20_000,
    ],
    ids=range(12),
)
def test_hostile_texts_take_no_longer_than_others(text: str) -> None:
    """Nothing is timed: a reader that looks at each mark from every other one would take minutes here."""
    assert "B" not in split_thoughts(text).answer
    assert "B" not in split_thoughts(text, is_open=True).answer
