// Style that a machine can hold. The import table of the house is test/architecture.test.ts.
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** No function has more lines than this, blank ones, comments and the functions inside it counted. */
const MOST_LINES = 80;
/** prettier breaks code there; what it cannot break is a string, a pattern, or a comment that somebody wraps. */
const WIDTH = 120;

/** `max-lines-per-function` for tests: the callback of a `describe` is a list of tests, not a function to read. */
const testLines = {
  create: (context) => {
    const isDescribe = ({ parent }) =>
      parent.type === 'CallExpression' && /\bdescribe/.test(context.sourceCode.getText(parent.callee));
    const check = (node) => {
      const lines = node.loc.end.line - node.loc.start.line + 1;
      if (lines > MOST_LINES && !isDescribe(node))
        context.report({ node, message: `This function has ${lines} lines; at most ${MOST_LINES}.` });
    };
    return { FunctionDeclaration: check, FunctionExpression: check, ArrowFunctionExpression: check };
  },
};

const noEmptySpread = {
  selector:
    'SpreadElement > ConditionalExpression[test.right.type="Identifier"][test.right.name="undefined"] > ObjectExpression[properties.length=0]',
  message: 'Give the value as it is, undefined or not; where a key must not be there, omitMissing of core/json.ts.',
};

/** What was thrown is told in one place. */
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
      'no-console': 'error',
      eqeqeq: 'error',
      'max-lines-per-function': ['error', { max: MOST_LINES }],
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
  // What the build is to compile into the program has to be named as it is there.
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
