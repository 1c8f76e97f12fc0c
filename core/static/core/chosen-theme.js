// Before anything is painted: the theme chosen in the console, where the admin's theme keeps it for this browser.
try {
  const chosen = JSON.parse(localStorage.getItem("adminTheme"));
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Without storage the reader's system decides.
}
