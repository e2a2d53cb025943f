// Style rules that a machine can check. test/architecture.test.ts has the table of allowed imports.
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Largest number of lines of a function, with blank lines, comments and inner functions. */
const MAX_LINES = 80;
/**
 * Largest width of a line. prettier breaks code there; it cannot break strings and patterns, and people wrap comments.
 */
const WIDTH = 120;

/**
 * Rule like `max-lines-per-function`, for tests. The callback of a `describe` is not checked, because it is a list of
 * tests and not a function to read.
 */
const testLines = {
  create: (context) => {
    const isDescribe = ({ parent }) =>
      parent.type === 'CallExpression' && /\bdescribe/.test(context.sourceCode.getText(parent.callee));
    const check = (node) => {
      const lines = node.loc.end.line - node.loc.start.line + 1;
      if (lines > MAX_LINES && !isDescribe(node))
        context.report({ node, message: `This function has ${lines} lines; at most ${MAX_LINES}.` });
    };
    return { FunctionDeclaration: check, FunctionExpression: check, ArrowFunctionExpression: check };
  },
};

const noEmptySpread = {
  selector:
    'SpreadElement > ConditionalExpression[test.right.type="Identifier"][test.right.name="undefined"] > ObjectExpression[properties.length=0]',
  message: 'Give the value as it is, undefined or not; where a key must not be there, omitMissing of core/json.ts.',
};

/** Rule that only one place turns a thrown value into text. */
const noThrownText = {
  selector: 'ConditionalExpression[test.right.name="Error"] > CallExpression[callee.name="String"]',
  message: 'What was thrown says errorText of core/fault.ts.',
};

const noListAsArguments = {
  selector:
    ':matches(CallExpression[callee.property.name=/^(push|unshift)$/], CallExpression[callee.object.name="Math"]) > SpreadElement',
  message: 'A list has no bound, arguments have one (some 100,000): add one by one, or reduce.',
};

export default tseslint.config(
  { ignores: ['dist/', '.dist-*/', 'node_modules/', 'lab/recordings/', 'lab/**/target/'] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  {
    files: ['**/*.ts', '**/*.tsx'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-assertions': [
        'error',
        { assertionStyle: 'as', objectLiteralTypeAssertions: 'never' },
      ],
      '@typescript-eslint/no-non-null-assertion': 'error',
      // A destructured key that is left out of the rest is named for that alone.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      'no-console': 'error',
      eqeqeq: 'error',
      'max-lines-per-function': ['error', { max: MAX_LINES }],
      'max-len': [
        'error',
        {
          code: WIDTH,
          ignoreStrings: true,
          ignoreTemplateLiterals: true,
          ignoreRegExpLiterals: true,
          ignoreUrls: true,
        },
      ],
      'prefer-const': 'error',
      'no-restricted-syntax': ['error', noEmptySpread, noThrownText],
    },
  },
  {
    files: ['{core,flink,agent,store,analyzer,notify,api,cli}/**/*.{ts,tsx}'],
    ignores: ['**/*.test.ts', '**/testing/**'],
    rules: { 'no-restricted-syntax': ['error', noEmptySpread, noThrownText, noListAsArguments] },
  },
  {
    files: ['**/*.test.ts'],
    plugins: { house: { rules: { 'test-lines': testLines } } },
    rules: { 'max-lines-per-function': 'off', 'house/test-lines': 'error' },
  },
  { files: ['core/fault.ts', 'api/web/src/shell/boundary.tsx'], rules: { 'no-restricted-syntax': 'off' } },
  // A module that the build compiles into the program must be named in a `require`.
  { files: ['core/document.ts'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  { files: ['lab/**', 'bench/**', 'cli.ts', 'test/**', '**/*.test.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        Buffer: 'readonly',
      },
    },
  },
);
