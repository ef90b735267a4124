import { useId } from 'preact/hooks';
import type { Schema } from '../schema.js';
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
  return (
    <>
      {Object.entries(schema.properties ?? {}).map(([name, property]) => (
        <Field
          key={name}
          name={name}
          schema={property}
          isRequired={schema.required?.includes(name) === true}
          choices={choicesOf?.(name)}
          draft={drafts[name] ?? firstDraft(property)}
          problem={problems[name]}
          onChange={(draft) => onChange(name, draft)}
        />
      ))}
    </>
  );
}

interface FieldProps {
  readonly name: string;
  readonly schema: Schema;
  readonly isRequired: boolean;
  readonly choices?: readonly string[] | undefined;
  readonly draft: Draft;
  readonly problem: Problem | undefined;
  readonly onChange: (draft: Draft) => void;
}

function Field(props: FieldProps) {
  const { name, schema, isRequired, problem } = props;
  const { t, maybe } = useI18n();
  const id = useId();
  const help = maybe(`field.${name}`) ?? schema.description;
  const isGroup = controlOf(schema, props.choices) === 'checks';
  return (
    <div class="field" data-field={name}>
      <div class="field-head">
        {isGroup ? (
          <span class="field-name" id={`${id}-label`}>
            {name}
          </span>
        ) : (
          <label class="field-name" for={id}>
            {name}
          </label>
        )}
        {!isRequired && <span class="field-optional">{t('form.optional')}</span>}
      </div>
      <Control {...props} id={id} />
      {help !== undefined && (
        <p class="field-help" id={`${id}-help`}>
          {help}
        </p>
      )}
      {problem !== undefined && (
        <p class="field-problem" id={`${id}-problem`}>
          {t(problem.key, problem.values)}
        </p>
      )}
    </div>
  );
}

function Control({
  id,
  name,
  schema,
  isRequired,
  choices,
  draft,
  problem,
  onChange,
}: FieldProps & { readonly id: string }) {
  const { t } = useI18n();
  const kind = controlOf(schema, choices);
  const text = typeof draft === 'string' ? draft : '';
  const common = {
    id,
    name,
    spellcheck: false,
    'aria-describedby': `${id}-help ${id}-problem`,
    'aria-required': isRequired,
    'aria-invalid': problem !== undefined,
    value: text,
    onInput: (event: { readonly currentTarget: { readonly value: string } }) => onChange(event.currentTarget.value),
  };
  switch (kind) {
    case 'checks':
      return (
        <div class="checks" role="group" aria-labelledby={`${id}-label`}>
          {(choices ?? []).map((choice) => (
            <label key={choice} class="check">
              <input
                type="checkbox"
                checked={draft.includes(choice)}
                onChange={({ currentTarget }) => {
                  const others = typeof draft === 'string' ? [] : draft.filter((each) => each !== choice);
                  onChange(currentTarget.checked ? [...others, choice] : others);
                }}
              />
              <code>{choice}</code>
            </label>
          ))}
        </div>
      );
    case 'choice':
    case 'flag': {
      const options = kind === 'flag' ? ['true', 'false'] : (choices ?? schema.enum?.map(String) ?? []);
      return (
        <select {...common}>
          {(!isRequired || !options.includes(text)) && <option value="">{t('form.unset')}</option>}
          {options.map((option) => (
            <option key={option}>{option}</option>
          ))}
        </select>
      );
    }
    case 'number':
      return <input {...common} type="number" step={schema.type === 'integer' ? 1 : 'any'} inputMode="decimal" />;
    case 'line':
      return <input {...common} type="text" autocomplete="off" autocapitalize="off" />;
    case 'text':
      return <textarea {...common} rows={1} />;
    case 'lines':
      return <textarea {...common} rows={2} placeholder={t('form.onePerLine')} />;
    case 'json':
      return <textarea {...common} rows={2} class="mono" placeholder="{ }" />;
  }
}
