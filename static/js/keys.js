// Keys of the ticket pages (j k c), Copy and Show buttons, and what a failed request says. No page needs it to work.
(function () {
  function step(by) {
    var links = Array.from(document.querySelectorAll(".tickets tbody .ti"));
    if (!links.length) {
      var next = document.querySelector(by > 0 ? "a[data-after]" : "a[data-before]");
      if (next) next.click();
      return;
    }
    var row = document.activeElement.closest(".tickets tbody tr");
    var at = row ? links.indexOf(row.querySelector(".ti")) + by : by > 0 ? 0 : links.length - 1;
    links[Math.max(0, Math.min(links.length - 1, at))].focus();
  }
  function claim() {
    var row = document.activeElement.closest(".tickets tbody tr");
    var button = row ? row.querySelector("[data-claim]") : document.querySelector(".detail [data-claim]");
    if (button) button.click();
  }
  document.addEventListener("keydown", function (event) {
    if (document.documentElement.dataset.keys === "off" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, select, textarea, [contenteditable]")) return;
    var action = { j: function () { step(1); }, k: function () { step(-1); }, c: claim }[event.key];
    if (action) { event.preventDefault(); action(); }
  });

  function copy(text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    // Without https there is no clipboard object; the old way still works.
    var area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    return Promise.resolve();
  }
  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-copy], [data-show]");
    if (!button) return;
    if (button.dataset.copy) {
      copy(document.getElementById(button.dataset.copy).textContent).then(function () {
        var label = button.querySelector("span");
        label.textContent = "Copied";
        setTimeout(function () { label.textContent = "Copy"; }, 2000);
      });
    } else {
      var field = document.getElementById(button.dataset.show), show = field.type === "password";
      field.type = show ? "text" : "password";
      button.setAttribute("aria-pressed", show);
      button.textContent = show ? "Hide" : "Show";
    }
  });

  // A request that fails must not look like a button that does nothing.
  function say(text) {
    var box = document.getElementById("messages"), banner = document.createElement("div");
    banner.className = "banner bad";
    banner.textContent = text;
    box.replaceChildren(banner);
  }
  document.addEventListener("htmx:responseError", function (event) {
    say("The server answered " + event.detail.xhr.status + ". Nothing was changed. Reload the page and try again.");
  });
  document.addEventListener("htmx:sendError", function () { say("The server does not answer. Nothing was changed."); });
  document.querySelectorAll("[data-copy], [data-show]").forEach(function (button) { button.hidden = false; });
})();
