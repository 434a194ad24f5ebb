import type { Cli } from '../cli/cli.ts';
import { describePackage } from '../cli/describe-package.ts';
import type { WirePackage } from '../protocol/package.ts';
import type { Sample } from '../repository/sample/sample.ts';
import type { DemoUser } from './ensure-demo.ts';

/** One of the demo's apps and the repository that was made for it. */
export interface DemoApp {
  readonly id: string;
  readonly name: string;
  readonly sample: Sample;
}

export interface BuiltDemoApp extends DemoApp {
  /** Its newest package. */
  readonly found: WirePackage;
}

export interface Demo {
  readonly url: string;
  readonly user: DemoUser;
  readonly apps: readonly BuiltDemoApp[];
  /** A sentence on what is not there, and why. */
  readonly leftOut: string | undefined;
}

/** What came out of the demo's builds, and calls to paste into a shell. */
export function describeDemo(cli: Cli, { url, user, apps, leftOut }: Demo): string {
  const headers = `-H 'Mendix-Username: ${user.username}' -H 'Mendix-ApiKey: ${user.apiKey}'`;
  const parts = apps.map((app, at) => describeApp(cli, `${url}/api/1/apps/${app.id}/packages`, headers, app, at === 0));
  return `
${[...parts, ...(leftOut === undefined ? [] : [leftOut])].join('\n\n')}

The API is described at ${url}/docs. Stop with Ctrl-C; the next start finds everything again.`;
}

function describeApp(cli: Cli, packages: string, headers: string, app: BuiltDemoApp, isFirst: boolean): string {
  const { sample, found } = app;
  const build = JSON.stringify({
    Branch: 'branches/feature',
    Revision: sample.featureRevision.slice(0, 8),
    Version: '1.1.0',
    Description: 'Add scientific mode',
  });
  const building = `Start a build of a branch:
  curl ${headers} -d '${build}' ${packages}`;
  if (!isFirst) return `The app ${app.id} is on Subversion; its package is ${found.Name}. ${building}`;
  return `${describePackage(cli, found)}

List the packages:
  curl ${headers} ${packages}
${building}
Download by link, without credentials (valid for ${Math.round((found.Url?.TTL ?? 0) / 60)} minutes):
  curl -o ${quoteForShell(found.Name)} ${quoteForShell(found.Url?.Location ?? '')}`;
}

function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
