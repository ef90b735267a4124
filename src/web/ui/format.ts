import type { Language } from './i18n.js';

/** Milliseconds for people: `38 ms`, `1.24 s`, `3:07`. */
export function formatMs(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  return formatClock(ms / 1000);
}

/** Seconds as `m:ss` or `h:mm:ss`. */
export function formatClock(seconds: number): string {
  const whole = Math.floor(seconds);
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  const two = (value: number): string => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** Time since the page began to record, `m:ss.mmm`. */
export function formatOffset(ms: number): string {
  const positive = Math.max(0, ms);
  return `${formatClock(positive / 1000)}.${String(Math.floor(positive % 1000)).padStart(3, '0')}`;
}

/** Bytes for people. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** A rate: one decimal below 100. */
export function formatRate(perSecond: number): string {
  return perSecond < 100 ? perSecond.toFixed(1) : String(Math.round(perSecond));
}

/** A count with the separators of the language. */
export function formatCount(count: number, language: Language): string {
  return count.toLocaleString(language === 'zh' ? 'zh-CN' : 'en');
}

/** UTF-8 bytes of a text, counted without encoding it: this runs for every frame. */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) continue;
    // A surrogate pair is two units and four bytes: two for each.
    bytes += code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 1 : 2;
  }
  return bytes;
}
