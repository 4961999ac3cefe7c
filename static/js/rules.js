// A rule moves by its handle; the buttons beside it do the same. The server draws what came of it.
(function () {
  var row = null, moved = false;
  function end() {
    if (!row) return;
    var form = row.closest("form");
    row.classList.remove("dragged");
    document.body.classList.remove("dragging");
    row = null;
    if (moved) form.querySelector("[data-redraw]").click();
  }
  document.addEventListener("pointerdown", function (event) {
    var handle = event.target.closest("[data-handle]");
    if (!handle || event.button) return;
    event.preventDefault();
    row = handle.closest("li");
    moved = false;
    row.classList.add("dragged");
    document.body.classList.add("dragging");
  });
  document.addEventListener("pointermove", function (event) {
    if (!row) return;
    var over = Array.from(row.parentNode.children).find(function (other) {
      var box = other.getBoundingClientRect();
      return other !== row && event.clientY >= box.top && event.clientY < box.bottom;
    });
    if (!over) return;
    var box = over.getBoundingClientRect(), below = event.clientY > box.top + box.height / 2;
    var after = row.compareDocumentPosition(over) & Node.DOCUMENT_POSITION_FOLLOWING;
    // Only past the middle of the neighbour, or two of different height would change places for ever.
    if (after && below) over.after(row);
    else if (!after && !below) over.before(row);
    else return;
    moved = true;
  });
  document.addEventListener("pointerup", end);
  document.addEventListener("pointercancel", end);
})();
