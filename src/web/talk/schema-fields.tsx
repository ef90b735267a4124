import type { TargetedEvent } from 'preact';
import { useId } from 'preact/hooks';
import type { Schema } from '../schema.js';
import { about, Check, Field, Select } from '../ui/field.js';
import { useI18n } from '../ui/i18n.js';
import { controlOf, firstDraft, type Draft, type Drafts, type Problem } from './form-values.js';

interface SchemaFieldsProps {
  readonly schema: Schema;
  readonly drafts: Drafts;
  readonly problems: Readonly<Record<string, Problem>>;
  readonly choicesOf?: (name: string) => readonly string[] | undefined;
  readonly onChange: (name: string, draft: Draft) => void;
}

/** The properties of an object schema as form controls. */
export function SchemaFields({ schema, drafts, problems, choicesOf, onChange }: SchemaFieldsProps) {
  const { t, maybe } = useI18n();
  const form = useId();
  return (
    <>
      {Object.entries(schema.properties ?? {}).map(([name, property]) => {
        const id = `${form}-${name}`;
        const problem = problems[name];
        const isRequired = schema.required?.includes(name) === true;
        const choices = choicesOf?.(name);
        const kind = controlOf(property, choices);
        const draft = drafts[name] ?? firstDraft(property);
        const set = (changed: Draft): void => onChange(name, changed);
        const value = typeof draft === 'string' ? draft : '';
        const said = {
          'aria-describedby': about(id),
          'aria-required': isRequired,
          'aria-invalid': problem !== undefined,
        };
        const common = { id, name, spellcheck: false, value, ...said };
        const written = { ...common, onInput: (event: TargetedEvent<Written>) => set(event.currentTarget.value) };
        const chosen = typeof draft === 'string' ? [] : draft;
        const control = () => {
          switch (kind) {
            case 'checks':
              return (
                <div class="line wrap" role="group" aria-labelledby={`${id}-label`}>
                  {(choices ?? []).map((choice) => {
                    const others = chosen.filter((each) => each !== choice);
                    return (
                      <Check
                        key={choice}
                        label={<code>{choice}</code>}
                        checked={chosen.includes(choice)}
                        onCheck={(isOn) => set(isOn ? [...others, choice] : others)}
                      />
                    );
                  })}
                </div>
              );
            case 'choice':
            case 'flag': {
              const listed = choices ?? property.enum?.map(String) ?? [];
              const options = kind === 'flag' ? ['true', 'false'] : listed;
              const unset = isRequired && options.includes(value) ? [] : [['', t('form.unset')] as const];
              return <Select {...common} options={[...unset, ...options]} onPick={set} />;
            }
            case 'number':
              return (
                <input {...written} type="number" step={property.type === 'integer' ? 1 : 'any'} inputMode="decimal" />
              );
            case 'line':
              return <input {...written} type="text" autocomplete="off" autocapitalize="off" />;
            case 'text':
              return <textarea {...written} rows={1} />;
            case 'lines':
              return <textarea {...written} rows={2} placeholder={t('form.onePerLine')} />;
            case 'json':
              return <textarea {...written} rows={2} class="mono" placeholder="{ }" />;
          }
        };
        return (
          <Field
            key={name}
            id={id}
            name={name}
            label={name}
            note={isRequired ? undefined : t('form.optional')}
            help={maybe(`field.${name}`) ?? property.description}
            problem={problem && t(problem.key, problem.values)}
            isGroup={kind === 'checks'}
          >
            {control()}
          </Field>
        );
      })}
    </>
  );
}

type Written = HTMLInputElement | HTMLTextAreaElement;
