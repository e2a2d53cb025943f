import { expect, it } from 'vitest';
import { OBJECT_LOGS } from '../../flink/layout/testing/objects.js';
import { causesOf } from '../testing/verdict.js';

// JsonTemplateLayout of jtl-array wrote only the frames of the outer exception, so nothing in that file states the
// cause.
it.each(OBJECT_LOGS.filter(([name]) => name !== 'jtl-array.log'))('the same failure is named in %s', (_, text) => {
  expect(
    causesOf(text)
      .diagnoses.filter(({ symptom }) => !symptom)
      .map(({ rule }) => rule),
  ).toEqual(['network.insufficient-buffers/total']);
});
