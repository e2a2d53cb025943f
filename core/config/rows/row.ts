// What a row of the table of settings says (SettingRow), and what it says of the objects of a list (ObjectRow). The
// rows stand beside this file; types, defaults, checks and docs follow from them one floor above.
export type SettingType =
  | 'string'
  | 'path'
  | 'integer'
  | 'number'
  | 'boolean'
  | 'strings'
  | 'paths'
  | 'secret'
  | 'receivers'
  | 'tokens'
  | 'grants'
  | 'timeIntervals'
  | 'teams'
  | 'teamDefinitions'
  | 'route';

export interface SettingRow {
  readonly name: string;
  readonly type: SettingType;
  readonly default: unknown;
  readonly help: string;
  readonly minimum?: number;
  /** Of one text of a list. */
  readonly maxLength?: number;
  readonly values?: readonly string[];
  /** Environment variable; only secrets and what a container must be able to say have one. */
  readonly env?: string;
  /**
   * The variable is one that other programs of the machine read as well: also in small letters, and the file, which is
   * about Jobtrace alone, comes before it.
   */
  readonly isOfMachine?: true;
  /** Hardly anybody needs it. */
  readonly isAdvanced?: true;
}

/** One object of a list. */
export interface ObjectRow {
  readonly schema: { readonly properties: Readonly<Record<string, object>> } & Readonly<Record<string, unknown>>;
  /** What holds where an object does not say it. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /** What may stand in a file of its own (`urlFile`), and what is wrong with the content of that file. */
  readonly secrets: Readonly<Record<string, (content: string) => string | undefined>>;
  /** Names of the values that are paths, relative to the file in which they stand. */
  readonly paths?: readonly string[];
  /** Lists of objects within an object. */
  readonly lists?: Readonly<Record<string, ObjectRow>>;
}
