// Cuts: those that are marked as none are left out of the list that is saved.

const struck = new Set();

function keptCuts() {
  return data.cuts.frames.filter((frame) => !struck.has(frame));
}

function tellCuts() {
  byId('kept').textContent = `${keptCuts().length} of ${data.cuts.frames.length} cuts are kept`;
}

if (byId('save-cuts')) {
  for (const button of document.querySelectorAll('.no-cut')) {
    const frame = Number(button.dataset.cut);
    button.addEventListener('click', () => {
      const isStruck = !struck.has(frame);
      if (isStruck) struck.add(frame);
      else struck.delete(frame);
      button.setAttribute('aria-pressed', isStruck);
      button.closest('li').classList.toggle('struck', isStruck);
      tellCuts();
    });
  }
  byId('save-cuts').addEventListener('click', () => {
    const text = [data.cuts.head, ...keptCuts(), ''].join('\n');
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
    link.download = data.cuts.file;
    link.click();
    // Not before the browser has taken it.
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  });
  tellCuts();
}
