// Before anything is drawn: the theme that was chosen on an earlier visit.
(() => {
  let kept = null;
  try {
    kept = localStorage.getItem('pointsman-theme');
  } catch {
    // Storage may be switched off; the system's theme will do.
  }
  if (kept === 'light' || kept === 'dark') document.documentElement.dataset.theme = kept;
})();
