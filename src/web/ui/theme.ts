import { readChoice, writeKept } from './kept.js';
import { createValue, useValue } from './value.js';

const THEMES = ['system', 'light', 'dark'] as const;
type ThemeName = (typeof THEMES)[number];

const current = createValue<ThemeName>(readChoice('theme', THEMES) ?? 'system');
document.documentElement.dataset['theme'] = current.get();

/** Light, dark, or what the system says. */
export function useTheme(): ThemeName {
  return useValue(current);
}

export function nextTheme(): void {
  const name = THEMES[(THEMES.indexOf(current.get()) + 1) % THEMES.length] ?? 'system';
  current.set(name);
  writeKept('localStorage', 'theme', name);
  document.documentElement.dataset['theme'] = name;
}
