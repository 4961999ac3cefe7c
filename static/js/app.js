// Theme, menus, Copy and Show buttons, and what a request keeps, shows and says. No page needs it to work.
(function () {
  var root = document.documentElement, opened = [], left = 0;
  function dark() {
    return (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  }
  function themeChanged() { dispatchEvent(new Event("themechange")); }
  function reveal() {
    document.querySelectorAll("[data-copy], [data-show]").forEach(function (button) { button.hidden = false; });
  }
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
  var pressed = {
    theme: function () {
      root.dataset.theme = dark() ? "light" : "dark";
      try { localStorage.setItem("theme", root.dataset.theme); } catch (error) { /* not kept */ }
      themeChanged();
    },
    copy: function (button) {
      copy(document.getElementById(button.dataset.copy).textContent).then(function () {
        var label = button.querySelector("span");
        label.textContent = "Copied";
        setTimeout(function () { label.textContent = "Copy"; }, 2000);
      });
    },
    show: function (button) {
      var field = document.getElementById(button.dataset.show), hidden = field.type === "password";
      field.type = hidden ? "text" : "password";
      button.setAttribute("aria-pressed", hidden);
      button.textContent = hidden ? "Hide" : "Show";
    },
  };
  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-theme-toggle], [data-copy], [data-show]");
    if (button) pressed[button.dataset.copy ? "copy" : button.dataset.show ? "show" : "theme"](button);
    // A menu is open until something else is clicked.
    document.querySelectorAll("details.menu[open]").forEach(function (menu) {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });
  document.addEventListener("keydown", function (event) {
    var menu = event.key === "Escape" && document.querySelector("details.menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", themeChanged);

  // A refreshed part keeps what the reader had opened.
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
    reveal();
    opened.forEach(function (id) {
      var details = document.getElementById(id);
      if (details) details.open = true;
    });
  });
  document.addEventListener("htmx:beforeRequest", function (event) {
    if (!event.detail.elt.closest("[data-quiet]")) document.body.classList.add("busy");
  });
  document.addEventListener("htmx:afterRequest", function () { document.body.classList.remove("busy"); });

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
  document.addEventListener("htmx:sendError", function () {
    if (Date.now() - left > 5000) say("The server does not answer. Nothing was changed.");
  });
  // A request that is cut because the page is left has not failed. (A download leaves nothing, hence the time.)
  addEventListener("beforeunload", function () { left = Date.now(); });
  reveal();
})();
