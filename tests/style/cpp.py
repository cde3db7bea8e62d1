"""Reads C++ as far as the style rules need it: text without comments and literals, and where functions are."""

import re

# What starts first decides. A quote after a digit separates digits (1'000) and starts nothing.
TOKEN = re.compile(r"""
    //(?:[^\n\\]|\\.)*                                        # comment to the end of the line
  | /\*.*?\*/                                                 # comment
  | (?:u8|[uUL])?R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)" # raw string
  | (?:u8|[uUL])?"(?:[^"\\\n]|\\.)*"                          # string
  | (?:(?<![0-9a-fA-F])|\b(?:u8|[uUL]))'(?:[^'\\\n]|\\.)+'    # character
""", re.VERBOSE | re.DOTALL)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.MULTILINE)

# Below, @ stands for something in parentheses.
NO_PARAMETERS = re.compile(r"\b(?:requires|noexcept|decltype|alignas|explicit|__attribute__)\s*@")
OPERATOR = re.compile(r"\boperator\s*[^\w\s@]+")
ALONE_COLON = re.compile(r"(?<!:):(?!:)")
SIGNATURE = re.compile(r"([\w:~]+)\s*@+\s*(?:(?:const|volatile|noexcept|override|final|mutable|try|&&?)\s*)*$")
SCOPE = re.compile(r"\b(?:namespace|class|struct|union|enum|extern)\b")


def bare(text):
    """The text with comments and the inside of literals taken out; every line keeps its number."""
    def blank(found):
        return ("" if found[0].startswith("/") else '""') + "\n" * found[0].count("\n")

    return TOKEN.sub(blank, text)


def marked(head):
    """The head of a block with @ for each pair of parentheses and without what never tells what it is."""
    head = re.sub(r"\[\[[^\]]*\]\]", " ", head)
    before = None
    while before != head:
        before, head = head, re.sub(r"\([^()]*\)", "@", head)
    head = NO_PARAMETERS.sub(" ", OPERATOR.sub("operator", head))
    depth, kept = 0, ""
    for part in re.split(r"(\btemplate\s*<|<|>)", head):  # template parameters have defaults and nested brackets
        if part.startswith("template"):
            depth = 1
        elif depth and part in "<>":
            depth += 1 if part == "<" else -1
        elif not depth:
            kept += part
    return kept.strip()


def kind(head):
    """What a block after this head is, "function", "scope" (namespace, class) or "value", and the function's name."""
    head = marked(head)
    if SCOPE.match(head) and not (head.startswith("extern") and "@" in head):
        return "scope", ""
    if "=" in head:
        return "value", ""
    declared, *initialisers = ALONE_COLON.split(head.split("->")[0])
    signature = SIGNATURE.search(declared)
    if not signature or (initialisers and not head.endswith(("@", "}"))):
        return "value", ""  # also a_{1} in `Type::Type() : a_{1} {`
    return "function", signature[1]


def functions(text):
    """(name, first line, last line) of each function that is not inside another one; the signature counts."""
    text = DIRECTIVE.sub(lambda found: "\n" * found[0].count("\n"), bare(text))
    found, stack, inside = [], [], 0
    head, start, line = "", 1, 1
    for char in text:
        line += char == "\n"
        if char == "{":
            what, name = ("inner", "") if inside else kind(head)
            inside += what in ("function", "inner")
            stack.append((what, name, head, start))
            head = head if what == "value" else ""
        elif char == "}" and stack:
            what, name, opened, first = stack.pop()
            inside -= what in ("function", "inner")
            head, start = (opened + "{}", first) if what == "value" else ("", line)
            if what == "function":
                found.append((name, first, line))
        elif not inside and char == ";" and not (stack and stack[-1][0] == "value"):
            head = ""
        elif not inside:
            start = start if head.strip() else line
            head = "" if char == ":" and head.strip() in ("public", "private", "protected") else head + char
    return found
