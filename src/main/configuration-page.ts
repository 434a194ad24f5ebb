import { DEFAULT_CONFIGURATION_FILE } from './configuration-file.ts';
import { getSetting, SETTING_NAMES, type SettingName } from './settings.ts';

/** The text of `docs/configuration.md`, made from the table of settings. */
export function configurationPage(): string {
  return [
    INTRODUCTION,
    '| setting | flag | environment | default |',
    '|---|---|---|---|',
    ...SETTING_NAMES.map(summaryRow),
    '',
    ...SETTING_NAMES.flatMap(section),
  ].join('\n');
}

const INTRODUCTION = `# Configuration

<!-- Generated from src/main/settings.ts by \`npm run fix\`; a test compares. -->

\`slipway serve\` and \`slipway demo\` look for each setting in this order and take the first they find:

1. the flag on the command line
2. the environment variable
3. \`${DEFAULT_CONFIGURATION_FILE}\` in the current folder, or the file named by \`--config\` or \`SLIPWAY_CONFIG\`
4. the default

The file holds one \`setting: value\` per line. A relative path in it is relative to the file's folder; elsewhere it is
relative to the current folder. An empty environment variable counts as not set. Before anything is started every value
is checked, and all mistakes are reported together.

\`\`\`yaml
host: 0.0.0.0
port: 443
data: /var/lib/slipway
tlsCert: /etc/slipway/fullchain.pem
tlsKey: /etc/slipway/key.pem
\`\`\`
`;

function summaryRow(name: SettingName): string {
  const { flag, variables } = getSetting(name);
  return `| [\`${name}\`](#${name.toLowerCase()}) | ${flag === undefined ? 'none' : `\`${flag}\``} | ${listVariables(variables)} | ${fallbackText(name)} |`;
}

function section(name: SettingName): string[] {
  const { summary, accepts } = getSetting(name);
  return [`## ${name}`, '', summary, '', `Accepted is ${accepts}. Default: ${fallbackText(name)}.`, ''];
}

function fallbackText(name: SettingName): string {
  const { fallback, fallbackInWords } = getSetting(name);
  return fallbackInWords ?? (fallback === undefined ? 'none' : `\`${fallback}\``);
}

function listVariables(variables: readonly string[]): string {
  return variables.map((variable) => `\`${variable}\``).join(', then ');
}
