// Theme, the switch for single-key shortcuts, "[" and "]", and what stays open while a part of the page is refreshed.
(function () {
  var root = document.documentElement;
  function keep(name, value) { try { localStorage.setItem(name, value); } catch (error) { /* not kept */ } }
  function dark() {
    return (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  }
  function keysOn() { return root.dataset.keys !== "off"; }
  function sayKeys() {
    document.querySelectorAll("[data-keys-toggle]").forEach(function (button) {
      button.textContent = keysOn() ? "Keyboard shortcuts: on" : "Keyboard shortcuts: off";
    });
  }
  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-theme-toggle]")) {
      root.dataset.theme = dark() ? "light" : "dark";
      keep("theme", root.dataset.theme);
      dispatchEvent(new Event("themechange"));
    }
    if (event.target.closest("[data-keys-toggle]")) {
      root.dataset.keys = keysOn() ? "off" : "on";
      keep("keys", root.dataset.keys);
      sayKeys();
    }
  });
  document.addEventListener("keydown", function (event) {
    if (!keysOn() || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, select, textarea, [contenteditable]")) return;
    var link = event.key === "[" ? document.querySelector("a[rel=prev]")
      : event.key === "]" ? document.querySelector("a[rel=next]") : null;
    if (link) { event.preventDefault(); link.click(); }
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", function () {
    dispatchEvent(new Event("themechange"));
  });

  // A refreshed part keeps what the reader had opened.
  var opened = [];
  document.addEventListener("htmx:beforeSwap", function (event) {
    // Signed out by time: the answer to a poll is the sign-in page, which belongs on the whole page.
    var address = event.detail.xhr && event.detail.xhr.responseURL;
    if (address && new URL(address).pathname === "/login/" && location.pathname !== "/login/") {
      event.detail.shouldSwap = false;
      location.reload();
    }
    opened = Array.from(document.querySelectorAll("details[id][open]"), function (details) { return details.id; });
  });
  document.addEventListener("htmx:afterSwap", function () {
    opened.forEach(function (id) {
      var details = document.getElementById(id);
      if (details) details.open = true;
    });
  });
  document.addEventListener("htmx:beforeRequest", function (event) {
    if (!event.detail.elt.closest("[data-quiet]")) document.body.classList.add("busy");
  });
  document.addEventListener("htmx:afterRequest", function () { document.body.classList.remove("busy"); });
  sayKeys();
})();
