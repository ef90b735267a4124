/** The parts of the page. Beside each other on a wide screen, one at a time on a narrow one. */
export type ViewName = 'conversation' | 'log' | 'statistics';

/** Makes the buttons with `data-view` show their part. */
export function bindViews(): { show(view: ViewName): void } {
  const buttons = [...document.querySelectorAll<HTMLButtonElement>('button[data-view]')];
  const show = (view: ViewName): void => {
    document.documentElement.dataset['view'] = view;
    for (const button of buttons) {
      if (button.dataset['view'] === view) button.setAttribute('aria-current', 'true');
      else button.removeAttribute('aria-current');
    }
  };
  for (const button of buttons) button.addEventListener('click', () => show(button.dataset['view'] as ViewName));
  show('conversation');
  return { show };
}
