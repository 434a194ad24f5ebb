import { nextValue, type SettingValues, valueNamed } from '../domain/environment-settings.ts';
import type { EnvironmentSettings } from '../operations/get-settings.ts';
import type { WireSettings } from '../protocol/environments.ts';

export function presentSettings({ declared, chosen, deployed }: EnvironmentSettings): WireSettings {
  return {
    Constants: declared.constants.map((constant) => ({
      Name: constant.name,
      DataType: presentType(constant.type),
      Value: nextValue(constant, chosen) ?? null,
      DeployedValue: valueNamed(deployed.constants, constant.name) ?? null,
    })),
    CustomSettings: customSettings(chosen, deployed),
    ScheduledEvents: declared.scheduledEvents.map((name) => ({
      Name: name,
      Value: presentState(valueNamed(chosen.scheduledEvents, name) ?? false),
      DeployedValue: presentDeployedState(valueNamed(deployed.scheduledEvents, name)),
    })),
  };
}

/** Those that were taken away since the last start stay in sight, for what runs has them. */
function customSettings(chosen: SettingValues, deployed: SettingValues): WireSettings['CustomSettings'] {
  const names = new Set([...Object.keys(chosen.customSettings), ...Object.keys(deployed.customSettings)]);
  return [...names].toSorted().map((name) => ({
    Name: name,
    Value: valueNamed(chosen.customSettings, name) ?? null,
    DeployedValue: valueNamed(deployed.customSettings, name) ?? null,
  }));
}

/** The documentation's spelling of this one. */
const presentType = (type: string): string => (type === 'Boolean' ? '_Boolean' : type);

const presentState = (isEnabled: boolean) => (isEnabled ? 'Enabled' : 'Disabled');

const presentDeployedState = (isEnabled: boolean | undefined) =>
  isEnabled === undefined ? null : presentState(isEnabled);
