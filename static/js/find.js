// The list below the find field: arrows choose, Enter opens, Escape closes. Without it the field asks for a page.
(function () {
  var field = document.getElementById("find"), list = document.getElementById("found");
  if (!field) return;
  function options() { return Array.from(list.querySelectorAll("[role=option]")); }
  function chosen() { return list.querySelector("[aria-selected=true]"); }
  function choose(option) {
    if (chosen()) chosen().removeAttribute("aria-selected");
    if (option) {
      option.setAttribute("aria-selected", "true");
      option.scrollIntoView({ block: "nearest" });
      field.setAttribute("aria-activedescendant", option.id);
    } else field.removeAttribute("aria-activedescendant");
  }
  function open(wanted) {
    list.hidden = !wanted || !list.textContent.trim();
    field.setAttribute("aria-expanded", !list.hidden && options().length > 0);
    if (list.hidden) choose(null);
  }
  field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", "found");
  open(false);
  field.addEventListener("keydown", function (event) {
    var all = options(), at = all.indexOf(chosen()), by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by && all.length) {
      event.preventDefault();
      open(true);
      // One place before the first is the field itself.
      choose(all[((at + 1 + by + all.length + 1) % (all.length + 1)) - 1]);
    } else if (event.key === "Enter" && chosen()) {
      event.preventDefault();
      chosen().click();
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (list.hidden) field.blur(); else open(false);
    }
  });
  list.addEventListener("htmx:afterSwap", function () { open(document.activeElement === field); });
  field.addEventListener("focus", function () { open(true); });
  field.form.addEventListener("focusout", function (event) {
    if (!field.form.contains(event.relatedTarget)) open(false);
  });
})();
