const js = require('@eslint/js');
const globals = require('globals');

/** Global names that Google provides to a script. */
const google = Object.fromEntries(
  ['HtmlService', 'PropertiesService', 'ScriptApp', 'Session', 'SpreadsheetApp', 'UrlFetchApp', 'Utilities'].map(
    (name) => [name, 'readonly'],
  ),
);

/** Global names that the files of the add-on share, because Google runs them in one global scope. */
const shared = Object.fromEntries(
  [
    'ADDON_NAME',
    'TEXTS',
    'bookLocale_',
    'callBackend_',
    'explainEmptyMenu',
    'showSidebar_',
    'text_',
    'unfinishedOperation_',
  ].map((name) => [name, 'writable']),
);

module.exports = [
  js.configs.recommended,
  {
    files: ['apps_script/*.js'],
    ignores: ['apps_script/eslint.config.js'],
    languageOptions: { sourceType: 'script', globals: { ...google, ...shared, console: 'readonly' } },
    rules: {
      // A function without a trailing "_" is called by Google: from the menu, a trigger or the sidebar.
      'no-unused-vars': ['error', { vars: 'local' }],
      'no-redeclare': ['error', { builtinGlobals: false }],
      'prefer-const': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: ['apps_script/eslint.config.js'],
    languageOptions: { sourceType: 'commonjs', globals: globals.node },
  },
  {
    files: ['**/static/*.js'],
    languageOptions: { sourceType: 'module', globals: globals.browser },
    rules: { 'prefer-const': 'error', eqeqeq: 'error' },
  },
  {
    files: ['**/static/gas_shim.js', '**/static/script_worker.js'],
    languageOptions: { sourceType: 'script', globals: globals.worker },
    rules: { 'no-unused-vars': ['error', { vars: 'local' }] },
  },
];
