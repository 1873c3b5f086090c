// SPDX-License-Identifier: Apache-2.0
// Goes on once every frame has loaded, or after a few seconds if one does not; the link does the same by hand.
(() => {
  const link = document.getElementById("continue");
  if (!link) return;
  const go = () => location.replace(link.href);
  const limit = setTimeout(go, 5000);
  addEventListener("load", () => { clearTimeout(limit); go(); });
})();
