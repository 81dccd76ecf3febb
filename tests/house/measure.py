#!/usr/bin/env python3
"""Measures what no lint watches: `python3 tests/house/measure.py [FOLDER…]`, by default of `src`.

Per 1,000 lines of code that isn't a test: closures that were given a name, tuples that only pack `let`s together,
comments that say why (lines that begin with `//`), doc comments. Beside them: the share of functions whose name is one
word, doc examples, circles of imports among files, and the longest files and functions. `--list KIND` prints the places:
closures, tuples, names, circles, examples.
"""

import argparse
import re
import sys
from collections import Counter
from pathlib import Path

TESTS = {"tests", "tests.rs", "fixture.rs", "fault.rs"}
CLOSURE = re.compile(r"^\s*let (?:mut )?\w+(?:: [^=]+?)? =\s*(?:move )?\|", re.M)
TUPLE = re.compile(r"^\s*let \((?:[^()=]|\([^()]*\))+\)(?:: [^=]+?)? =\s*\((?=[^;]*,)", re.M)
FUNCTION = re.compile(r"^\s*(?:pub(?:\([^)]*\))? )?(?:const )?fn (\w+)", re.M)
DOCTEST = re.compile(r"^\s*//[/!] ```(?:rust|no_run|should_panic)?$(?P<body>(?:\n\s*//[/!](?! ```).*)*)\n\s*//[/!] ```$", re.M)
USED = re.compile(r"\b(crate|super|self)((?:::(?:super|\w+))+)")


def files(folders):
    for folder in folders:
        for path in sorted(Path(folder).rglob("*.rs")):
            if not TESTS & set(path.parts):
                yield path


def untested(text):
    """The text without its unit tests: a module under `cfg(test)` with a body, up to its closing brace."""
    kept, skipping, waiting = [], False, False
    for line in text.split("\n"):
        if skipping:
            skipping = line != "}"
            continue
        if line.startswith("#[cfg(test)]"):
            waiting = True
            continue
        if waiting:
            waiting = False
            skipping = line.rstrip().endswith("{")
            continue
        kept.append(line)
    return "\n".join(kept)


def function_lengths(text):
    """Lines from `fn` to the brace that closes it, by indentation, which rustfmt keeps."""
    lines = text.split("\n")
    for at, line in enumerate(lines):
        found = re.match(r"^(\s*)(?:pub(?:\([^)]*\))? )?(?:const )?fn (\w+)", line)
        if found:
            signature = next(end for end in range(at, len(lines)) if lines[end].rstrip().endswith(("{", ";", "}")))
            if lines[signature].rstrip().endswith(";"):
                continue
            for end in range(at, len(lines)):
                if lines[end] == found[1] + "}" or (end == at and line.rstrip().endswith("}")):
                    yield end - at + 1, found[2]
                    break


def module_of(path, root):
    parts = list(path.relative_to(root).with_suffix("").parts)
    return tuple(parts[:-1] if parts[-1] in ("mod", "lib", "main") else parts)


def expanded(text):
    """`use` trees with their braces multiplied out, so that each path stands alone."""
    def multiply(found):
        def paths(tree):
            tree = tree.strip()
            if "{" not in tree:
                return [tree]
            head, rest = tree.split("{", 1)
            depth, part, inner = 0, "", []
            for sign in rest.rsplit("}", 1)[0]:
                depth += (sign == "{") - (sign == "}")
                if sign == "," and depth == 0:
                    inner.append(part)
                    part = ""
                else:
                    part += sign
            inner.append(part)
            return [head + path for part in inner if part.strip() for path in paths(part)]
        return "\n".join(f"{found[1]}use {path};" for path in paths(found[2]))
    return re.sub(r"((?:\bpub(?:\([^)]*\))? )?)\buse ([^;]+);", multiply, text)


def circles(texts, root):
    """Strongly connected files. What a `mod.rs` re-exports counts as the file's that defines it."""
    modules = {module_of(path, root): path for path in texts}
    exported = {}
    for path, text in texts.items():
        here = module_of(path, root)
        for found in re.finditer(r"^pub(?:\([^)]*\))? use (?:self::)?(\w+(?:::\w+)*)(?: as (\w+))?;", expanded(text), re.M):
            parts = tuple(found[1].split("::"))
            exported[here + (found[2] or parts[-1],)] = here + parts
    arrows = {path: set() for path in texts}
    for path, text in texts.items():
        here = module_of(path, root)
        code = "\n".join(line for line in expanded(text).split("\n") if not line.lstrip().startswith("//"))
        code = re.sub(r"^pub(?:\([^)]*\))? use .*$", "", code, flags=re.M)
        for found in USED.finditer(code):
            target = {"crate": (), "self": here, "super": here[:-1]}[found[1]]
            for part in found[2].split("::")[1:]:
                target = target[:-1] if part == "super" else target + (part,)
            for _ in range(8):
                longest = next((target[:n] for n in range(len(target), 0, -1) if target[:n] in exported), None)
                if longest is None:
                    break
                target = exported[longest] + target[len(longest):]
            home = next((target[:n] for n in range(len(target), -1, -1) if target[:n] in modules), None)
            if home is not None and modules[home] != path:
                arrows[path].add(modules[home])
    return [sorted(circle) for circle in strongly_connected(arrows) if len(circle) > 1], arrows


def strongly_connected(arrows):
    """Tarjan's algorithm, without recursion's depth limit in the way."""
    sys.setrecursionlimit(10_000)
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in arrows[node]:
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            at = stack.index(node)
            found.append(stack[at:])
            del stack[at:]

    for node in arrows:
        if node not in index:
            visit(node)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", default=["src"])
    parser.add_argument("--list", choices=["closures", "tuples", "names", "circles", "examples", "long"])
    options = parser.parse_args()
    texts = {path: untested(path.read_text()) for path in files(options.folders)}
    lines = sum(text.count("\n") for text in texts.values())
    places = {"closures": [], "tuples": [], "names": [], "examples": [], "long": []}
    names = Counter()
    lengths = []
    for path, text in texts.items():
        for kind, pattern in (("closures", CLOSURE), ("tuples", TUPLE), ("examples", DOCTEST)):
            for found in pattern.finditer(text):
                start = text.count("\n", 0, found.start() + len(found[0]) - len(found[0].lstrip())) + 1
                places[kind].append(f"{path}:{start}: {found[0].strip()}")
        for found in FUNCTION.finditer(text):
            names["_" in found[1]] += 1
            if "_" not in found[1]:
                places["names"].append(f"{path}: {found[1]}")
        lengths += [(length, f"{path}: {name}") for length, name in function_lengths(text)]
    root = next(parent for parent in [Path("src"), *Path(options.folders[0]).resolve().parents] if parent.name == "src")
    all_texts = {path: untested(path.read_text()) for path in files([root])}
    found, arrows = circles(all_texts, root)
    shown = [circle for circle in found if any(path in texts for path in circle)]
    if options.list == "circles":
        for circle in shown:
            print(f"circle of {len(circle)}")
            for path in circle:
                for other in sorted(arrows[path] & set(circle)):
                    print(f"  {path} -> {other}")
        return
    if options.list == "long":
        places["long"] = [f"{length} {name}" for length, name in sorted(lengths, reverse=True)[:40]]
    if options.list:
        print("\n".join(places[options.list]))
        return
    why = sum(len(re.findall(r"^\s*//(?![/!])", text, re.M)) for text in texts.values())
    documents = sum(len(re.findall(r"^\s*//[/!]", text, re.M)) for text in texts.values())
    file_lines = sorted(text.count("\n") for text in texts.values())
    function_lines = sorted(length for length, _ in lengths)
    rows = [
        ("lines", lines),
        ("named closures per 1,000 lines", round(1000 * len(places["closures"]) / lines, 2)),
        ("tuple-lets per 1,000 lines", round(1000 * len(places["tuples"]) / lines, 2)),
        ("one-word function names, %", round(100 * names[False] / max(1, names.total()), 1)),
        ("why-comments per 1,000 lines", round(1000 * why / lines, 1)),
        ("doc comments per 1,000 lines", round(1000 * documents / lines, 1)),
        ("doc examples", len(places["examples"])),
        ("circles of imports among files", len(shown)),
        ("lines of a file, median, greatest", f"{file_lines[len(file_lines) // 2]}, {file_lines[-1]}"),
        ("lines of a function, 95 of 100, greatest", f"{function_lines[len(function_lines) * 95 // 100]}, {function_lines[-1]}"),
    ]
    for name, value in rows:
        print(f"{name:44}{value}")


if __name__ == "__main__":
    main()
