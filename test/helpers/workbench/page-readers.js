// Runs in the page of the workbench, so it is not TypeScript; injected by page-readers.ts. Each function reads a whole
// widget synchronously, so that the result is never partly updated.
globalThis.pageReaders = {
  quickInput() {
    const widget = document.querySelector('.quick-input-widget');
    if (!widget?.checkVisibility()) return undefined;
    const visible = (selector) => [...widget.querySelectorAll(selector)].filter((element) => element.checkVisibility());
    const input = widget.querySelector('.quick-input-box input');
    const box = widget.querySelector('.quick-input-box .monaco-inputbox');
    return {
      heading: label(visible('.quick-input-title')[0]),
      value: input?.value ?? '',
      placeholder: input?.placeholder ?? '',
      masked: input?.type === 'password',
      message: label(visible('.quick-input-message')[0]),
      severity: ['error', 'warning', 'info'].find((name) => box?.classList.contains(name)) ?? 'none',
      buttons: visible('.quick-input-titlebar .action-label, .quick-input-inline-action-bar .action-label').map(
        (button) => button.getAttribute('aria-label') ?? '',
      ),
      rows: visible('.quick-input-list .monaco-list-row').map((row) => ({
        label: label(row.querySelector('.quick-input-list-row .label-name')),
        // VS Code reuses rows and hides the parts that the new entry does not have.
        description: visibleLabel(row.querySelector('.quick-input-list-row .label-description')),
        detail: visibleLabel(row.querySelector('.quick-input-list-label-meta .label-name')),
        focused: row.classList.contains('focused'),
      })),
    };
  },

  notifications() {
    return [...document.querySelectorAll('.notification-list-item')]
      .filter((item) => item.checkVisibility())
      .map((item) => ({
        text: label(item.querySelector('.notification-list-item-message')),
        severity:
          ['error', 'warning'].find((name) => item.querySelector(`.notification-list-item-icon.codicon-${name}`)) ??
          'info',
        buttons: [...item.querySelectorAll('.monaco-button')].map(label),
      }));
  },

  statusItem(selector) {
    const item = document.querySelector(selector);
    if (!item?.checkVisibility()) return undefined;
    return {
      text: label(item.querySelector('.statusbar-item-label')),
      label: item.getAttribute('aria-label') ?? '',
      kind: ['error', 'warning'].find((kind) => item.classList.contains(`${kind}-kind`)) ?? 'default',
    };
  },

  problems() {
    const rows = [...document.querySelectorAll('.markers-panel .monaco-list-row')];
    return rows.map((row) => row.getAttribute('aria-label') ?? '');
  },

  textLines(container) {
    const lines = [...document.querySelectorAll(`${container} .monaco-editor .view-line`)];
    return lines
      .sort((a, b) => Number.parseFloat(a.style.top) - Number.parseFloat(b.style.top))
      .map((line) => line.textContent.replaceAll('\u00a0', ' '))
      .join('\n');
  },
};

function visibleLabel(element) {
  return element?.checkVisibility() === true ? label(element) : '';
}

// The text of a label as written in the source: icons as `$(name)`, non-breaking spaces as spaces.
function label(element) {
  const serialize = (node) => {
    if (!(node instanceof Element)) return node.textContent ?? '';
    const classes = [...node.classList].filter((name) => name.startsWith('codicon-'));
    const icon = classes.find((name) => name !== 'codicon-colored' && !name.startsWith('codicon-modifier-'));
    const text = [...node.childNodes].map(serialize).join('');
    if (icon === undefined) return text;
    // VS Code renders nothing for an unknown icon.
    const isKnown = getComputedStyle(node, '::before').content !== 'none';
    const modifier = classes.find((name) => name.startsWith('codicon-modifier-'))?.slice('codicon-modifier-'.length);
    return `$(${isKnown ? '' : 'unknown '}${icon.slice('codicon-'.length)}${modifier === undefined ? '' : `~${modifier}`})${text}`;
  };
  return element ? serialize(element).replaceAll('\u00a0', ' ').trim() : '';
}
