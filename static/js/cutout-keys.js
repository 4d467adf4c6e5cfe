// Keys of the cutout editor. Ctrl+Z, Ctrl+Shift+Z and Ctrl+S are the editor's own; arrows and Enter the hand's.

/** For onKeys(). */
export function editorKeys(editor) {
  const chosen = { b: "box", k: "keep", r: "remove", p: "polygon", e: "refine", h: "hand" };
  const tools = Object.entries(chosen).map(([key, tool]) => [key, () => editor.choose(tool)]);
  return {
    ...Object.fromEntries(tools),
    "[": () => editor.size.step(-1),
    "]": () => editor.size.step(1),
    "{": () => editor.hardness.step(-1),
    "}": () => editor.hardness.step(1),
    x: () => editor.swap(),
    v: () => editor.nextLook(),
    "+": () => editor.view.step(1),
    "=": () => editor.view.step(1),
    "-": () => editor.view.step(-1),
    0: () => editor.view.fit(),
    1: () => editor.view.actual(),
    Backspace: () => editor.tool?.back?.(),
    Enter: (event) => !event.target.closest("a, button, summary, select") && editor.confirm(),
    Escape: () => editor.hand.cancel() || editor.leave(),
  };
}
