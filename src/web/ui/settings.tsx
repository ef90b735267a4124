import { Button } from './button.js';
import { setLanguage, useI18n } from './i18n.js';
import { nextTheme, useTheme } from './theme.js';

/** The buttons of the theme and of the language. */
export function Settings() {
  const { t, language } = useI18n();
  const theme = useTheme();
  const other = language === 'zh' ? 'en' : 'zh';
  return (
    <>
      <Button
        kind="icon"
        icon={theme}
        id="theme"
        label={t('theme.label', { name: t(`theme.${theme}`) })}
        onClick={nextTheme}
      />
      <Button kind="icon" id="language" label={t('language.switch')} onClick={() => setLanguage(other)}>
        <b class="small" lang={other === 'zh' ? 'zh-CN' : 'en'} aria-hidden="true">
          {other === 'zh' ? '中' : 'En'}
        </b>
      </Button>
    </>
  );
}
