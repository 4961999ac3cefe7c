// In <head>, before the first paint, so that the chosen theme never flashes. Also: are single-key shortcuts wanted?
(function () {
  try {
    var root = document.documentElement, theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    if (localStorage.getItem("keys") === "off") root.dataset.keys = "off";
    if (localStorage.getItem("patterns") === "on") root.dataset.patterns = "on";
  } catch (error) { /* storage is blocked: the system's theme holds */ }
})();
