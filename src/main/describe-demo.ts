import type { Cli } from '../cli/cli.ts';
import { describePackage } from '../cli/describe-package.ts';
import type { WirePackage } from '../protocol/package.ts';
import type { SampleRepository } from '../repository/sample-repository.ts';
import { DEMO_APP, type DemoUser } from './ensure-demo.ts';

export interface Demo {
  readonly url: string;
  readonly user: DemoUser;
  readonly sample: SampleRepository;
  readonly found: WirePackage;
}

/** What came out of the demo's build, and three calls to paste into a shell. */
export function describeDemo(cli: Cli, { url, user, sample, found }: Demo): string {
  const headers = `-H 'Mendix-Username: ${user.username}' -H 'Mendix-ApiKey: ${user.apiKey}'`;
  const packages = `${url}/api/1/apps/${DEMO_APP}/packages`;
  const build = JSON.stringify({
    Branch: 'branches/feature',
    Revision: sample.featureRevision.slice(0, 8),
    Version: '1.1.0',
    Description: 'Add scientific mode',
  });
  return `
${describePackage(cli, found)}

List the packages:
  curl ${headers} ${packages}
Start a build of a branch:
  curl ${headers} -d '${build}' ${packages}
Download by link, without credentials (valid for ${Math.round((found.Url?.TTL ?? 0) / 60)} minutes):
  curl -o ${quoteForShell(found.Name)} ${quoteForShell(found.Url?.Location ?? '')}

The API is described at ${url}/docs. Stop with Ctrl-C; the next start finds everything again.`;
}

function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
