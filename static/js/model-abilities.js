// What the chosen model can do is offered; what it can not do is hidden, with a sentence in its place.

/** Shows elements with `data-needs` while the model has that ability, and those with `data-lacks` while it has not. */
export function fitAbilities(form) {
  const can = form.querySelector("[name=model]:checked")?.dataset.can?.split(" ");
  for (const part of form.querySelectorAll("[data-needs], [data-lacks]")) {
    const { needs, lacks } = part.dataset;
    const has = !can || can.includes(needs ?? lacks);
    part.hidden = needs ? !has : has;
    // What is not shown is not asked for either.
    for (const field of part.querySelectorAll("input, select")) field.disabled = part.hidden;
  }
}
