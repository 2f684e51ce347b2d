// Colours: as the system, light or dark. A classic script in the head, so that the page is never drawn in the wrong ones.
(() => {
  const KEY = "stayshelf-theme";
  const NEXT = { system: "light", light: "dark", dark: "system" };
  const SAID = { system: "as the system", light: "light", dark: "dark" };
  let theme = "system";
  try {
    theme = localStorage.getItem(KEY) in NEXT ? localStorage.getItem(KEY) : "system";
  } catch { /* a browser that keeps nothing */ }

  const root = document.documentElement;
  const show = () => {
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    const button = document.getElementById("theme");
    button?.setAttribute("aria-label", `Colours: ${SAID[theme]}`);
    button?.setAttribute("title", `Colours: ${SAID[theme]}`);
    dispatchEvent(new Event("recolour"));
  };
  show();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  addEventListener("DOMContentLoaded", () => {
    show();
    document.getElementById("theme")?.addEventListener("click", () => {
      theme = NEXT[theme];
      try {
        localStorage.setItem(KEY, theme);
      } catch { /* it holds for this page */ }
      show();
    });
  });
})();
