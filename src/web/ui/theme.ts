import { readChoice, writeKept } from './kept.js';
import { useValue, Value } from './signal.js';

const THEMES = ['system', 'light', 'dark'] as const;
type ThemeName = (typeof THEMES)[number];

const current = new Value<ThemeName>(readChoice('theme', THEMES) ?? 'system');
document.documentElement.dataset['theme'] = current.value;

/** Light, dark, or what the system says. */
export function useTheme(): ThemeName {
  return useValue(current);
}

export function nextTheme(): void {
  const name = THEMES[(THEMES.indexOf(current.value) + 1) % THEMES.length] ?? 'system';
  current.value = name;
  writeKept('localStorage', 'theme', name);
  document.documentElement.dataset['theme'] = name;
}
