/** PMML read as models; the answers are those of R 4.2 (lm, glm) for the same coefficients and rows. */
import { describe, expect, it } from 'vitest'
import { isViewcastError } from '../../diagnostics/diagnostic.ts'
import { rowScorer } from '../../evaluate/score-row.ts'
import type { Literal } from '../../ir/expression.ts'
import { importedRecord } from '../import/imported-record.ts'
import { probeRows } from '../import/probe-rows.ts'
import { importPmml, isPmml } from './import.ts'

const document = (fields: string, body: string, transformations = '') => `<?xml version="1.0"?>
<PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4">
  <Header><Application name="R"/></Header>
  <DataDictionary>${fields}</DataDictionary>${transformations}
  ${body}
</PMML>`
const x = '<DataField name="x" optype="continuous" dataType="double"/>'
const g = '<DataField name="g" optype="categorical" dataType="string"/>'
const y = '<DataField name="y" optype="continuous" dataType="double"/>'
const k = '<DataField name="k" optype="categorical" dataType="string"><Value value="0"/><Value value="1"/></DataField>'
const schema = (...names: string[]) =>
  `<MiningSchema>${names.map((n) => `<MiningField name="${n}"/>`).join('')}<MiningField name="${names.includes('y') ? 'k' : 'y'}" usageType="target"/></MiningSchema>`
const target = (name: string, ...names: string[]) =>
  `<MiningSchema>${names.map((n) => `<MiningField name="${n}"/>`).join('')}<MiningField name="${name}" usageType="target"/></MiningSchema>`

const modelOf = (text: string) => importPmml(text, { file: 'model.pmml' })
const scorerOf = (text: string) => {
  const model = modelOf(text)
  const probes = probeRows(model, 200)
  const about = { name: 'm', version: 1, at: '2026-01-01T00:00:00Z', label: 'y', threshold: 0.5 }
  const record = importedRecord(model, { ...about, dataset: { name: 'd', queryHash: 'f'.repeat(64) } })
  // The record means what the document's own terms do, on values beside every bound.
  for (const row of probes) {
    const theirs = model.reference?.(row) ?? []
    const mine = rowScorer(record).score(row).scores
    expect(mine.map((s) => s === null)).toEqual(theirs.map((s) => s === null))
    for (const [i, s] of mine.entries()) {
      if (s !== null) expect(Math.abs(s - (theirs[i] as number)) / Math.max(1, Math.abs(s))).toBeLessThan(1e-12)
    }
  }
  return (row: Record<string, Literal>) => rowScorer(record).score(row).scores
}
const problemsOf = (text: string): string[] => {
  try {
    modelOf(text)
    return []
  } catch (e) {
    return isViewcastError(e) ? e.diagnostics.map((d) => `${d.code} ${d.message}`) : [String(e)]
  }
}

describe('RegressionModel', () => {
  const lm = document(
    x + g + y,
    `<RegressionModel functionName="regression">${target('y', 'x', 'g')}
      <RegressionTable intercept="-0.044159544159544935">
        <NumericPredictor name="x" coefficient="1.9710826210826218"/>
        <NumericPredictor name="x" exponent="2" coefficient="0.001282051282051209"/>
        <CategoricalPredictor name="g" value="a" coefficient="0"/>
        <CategoricalPredictor name="g" value="b" coefficient="0.18233618233618346"/>
        <CategoricalPredictor name="g" value="c" coefficient="0.363817663817663"/>
      </RegressionTable></RegressionModel>`,
  )

  it('of lm gives what R predicts; a missing number has no score, a missing category no points', () => {
    expect(modelOf(lm)).toMatchObject({
      family: 'gaussian',
      link: 'identity',
      source: 'PMML 4.4 of R',
      features: ['x', 'g'],
    })
    const score = scorerOf(lm)
    expect(score({ x: 1, g: 'a' })[0]).toBeCloseTo(1.928205128205128, 12)
    expect(score({ x: 5, g: 'b' })[0]).toBeCloseTo(10.025641025641029, 12)
    expect(score({ x: 9, g: 'c' })[0]).toBeCloseTo(18.163247863247864, 12)
    expect(score({ x: null, g: 'c' })).toEqual([null])
    expect(score({ x: 9, g: null })).toEqual(score({ x: 9, g: 'unheard of' }))
  })

  it('replaces missing values where the schema says by what', () => {
    const score = scorerOf(
      lm
        .replace('<MiningField name="x"/>', '<MiningField name="x" missingValueReplacement="5"/>')
        .replace('<MiningField name="g"/>', '<MiningField name="g" missingValueReplacement="b"/>'),
    )
    expect(score({ x: null, g: null })[0]).toBeCloseTo(10.025641025641029, 12)
  })

  it('of two classes speaks of the positive one, whichever table it is in', () => {
    const classes = (method: string, first: string, second: string, other = '') =>
      document(
        x + k,
        `<RegressionModel functionName="classification" normalizationMethod="${method}">${target('k', 'x')}
          <RegressionTable intercept="-1.5" targetCategory="${first}"><NumericPredictor name="x" coefficient="0.25"/></RegressionTable>
          <RegressionTable intercept="0" targetCategory="${second}">${other}</RegressionTable></RegressionModel>`,
      )
    expect(scorerOf(classes('logit', '1', '0'))({ x: 2 })).toEqual([-1])
    expect(scorerOf(classes('logit', '0', '1'))({ x: 2 })).toEqual([1])
    const other = '<NumericPredictor name="x" coefficient="0.75"/>'
    expect(scorerOf(classes('softmax', '1', '0', other))({ x: 2 })).toEqual([-2.5])
    expect(modelOf(classes('probit', '1', '0'))).toMatchObject({ family: 'binomial', link: 'probit' })
    expect(problemsOf(classes('cloglog', '0', '1')).join()).toMatch(/cloglog of the negative outcome/)
    expect(problemsOf(classes('logit', '1', '0', other)).join()).toMatch(/line \d+, column \d+: a second table/)
  })

  it('of several classes is multinomial', () => {
    const table = (c: string, w: number) =>
      `<RegressionTable intercept="${w}" targetCategory="${c}"><NumericPredictor name="x" coefficient="${w / 4}"/></RegressionTable>`
    const text = document(
      x + k,
      `<RegressionModel functionName="classification" normalizationMethod="softmax">${target('k', 'x')}
        ${table('low', 1)}${table('mid', 2)}${table('high', 0)}</RegressionModel>`,
    )
    expect(modelOf(text)).toMatchObject({ family: 'multinomial', classes: ['low', 'mid', 'high'] })
    expect(scorerOf(text)({ x: 4 })).toEqual([2, 4, 0])
  })

  it('follows transformations: lines, bins, values of a table, logarithms', () => {
    const text = document(
      x +
        g +
        y +
        '<DataField name="u" optype="continuous" dataType="double"/><DataField name="v" optype="continuous" dataType="double"/>',
      `<RegressionModel functionName="regression">${target('y', 'x', 'g', 'u', 'v')}
        <RegressionTable intercept="1">
          <NumericPredictor name="line" coefficient="2"/><NumericPredictor name="mapped" coefficient="3"/>
          <NumericPredictor name="log" coefficient="5"/>
          <CategoricalPredictor name="bin" value="low" coefficient="10"/>
          <CategoricalPredictor name="bin" value="high" coefficient="20"/>
          <CategoricalPredictor name="bin" value="none" coefficient="7"/>
        </RegressionTable></RegressionModel>`,
      `<TransformationDictionary>
        <DerivedField name="line" optype="continuous" dataType="double"><NormContinuous field="x" outliers="asExtremeValues">
          <LinearNorm orig="10" norm="0"/><LinearNorm orig="20" norm="1"/></NormContinuous></DerivedField>
        <DerivedField name="mapped" optype="continuous" dataType="double"><MapValues outputColumn="out" defaultValue="-1" mapMissingTo="-2">
          <FieldColumnPair field="g" column="in"/><InlineTable><row><in>a</in><out>4</out></row><row><in>b</in><out>6</out></row></InlineTable></MapValues></DerivedField>
        <DerivedField name="log" optype="continuous" dataType="double"><Apply function="ln1p"><FieldRef field="u"/></Apply></DerivedField>
        <DerivedField name="bin" optype="categorical" dataType="string"><Discretize field="v" mapMissingTo="none">
          <DiscretizeBin binValue="low"><Interval closure="openOpen" rightMargin="3"/></DiscretizeBin>
          <DiscretizeBin binValue="high"><Interval closure="closedOpen" leftMargin="3"/></DiscretizeBin></Discretize></DerivedField>
      </TransformationDictionary>`,
    )
    const score = scorerOf(text)
    const row = { x: 15, g: 'a', u: Math.E - 1, v: 2.9 }
    expect(score(row)[0]).toBeCloseTo(1 + 1 + 12 + 5 + 10, 12)
    expect(score({ ...row, x: 99 })[0]).toBeCloseTo(30, 12)
    expect(score({ ...row, v: 3 })[0]).toBeCloseTo(39, 12)
    expect(score({ ...row, v: null })[0]).toBeCloseTo(26, 12)
    expect(score({ ...row, g: 'c' })[0]).toBeCloseTo(14, 12)
    expect(score({ ...row, g: null })[0]).toBeCloseTo(11, 12)
  })

  it('brings its verification rows along', () => {
    const rows = `<ModelVerification recordCount="1"><VerificationFields><VerificationField field="x" column="x"/>
      <VerificationField field="g" column="g"/><VerificationField field="y" column="y"/></VerificationFields>
      <InlineTable><row><x>5</x><g>b</g><y>10.025641025641029</y></row><row><g>b</g><y>1</y></row></InlineTable></ModelVerification>`
    const { rows: own } = modelOf(lm.replace('<RegressionTable', `${rows}<RegressionTable`))
    expect(own).toEqual([
      { inputs: { x: 5, g: 'b' }, prediction: [10.025641025641029] },
      { inputs: { x: null, g: 'b' }, prediction: [1] },
    ])
  })
})

describe('GeneralRegressionModel', () => {
  const glm = (attributes: string, parameters: Record<string, [cells: string, beta: number]>, fields = x + g + y) =>
    document(
      fields,
      `<GeneralRegressionModel ${attributes}>${fields.includes('name="k"') ? target('k', 'x') : target('y', 'x', 'g')}
        <ParameterList>${Object.keys(parameters)
          .map((p) => `<Parameter name="${p}" label="${p}"/>`)
          .join('')}</ParameterList>
        <FactorList><Predictor name="g"/></FactorList><CovariateList><Predictor name="x"/></CovariateList>
        <PPMatrix>${Object.entries(parameters)
          .map(([p, [cells]]) => cells.replaceAll('P!', `parameterName="${p}"`))
          .join('')}</PPMatrix>
        <ParamMatrix>${Object.entries(parameters)
          .map(([p, [, beta]]) => `<PCell parameterName="${p}" df="1" beta="${beta}"/>`)
          .join('')}</ParamMatrix>
      </GeneralRegressionModel>`,
    )
  const covariate = '<PPCell value="1" predictorName="x" P!/>'
  const level = (l: string) => `<PPCell value="${l}" predictorName="g" P!/>`

  it('of a Poisson regression gives what R predicts', () => {
    const text = glm(
      'functionName="regression" modelType="generalizedLinear" distribution="poisson" linkFunction="log"',
      {
        p0: ['', -0.3114179423209631],
        p1: [covariate, 0.3984836274486788],
        p2: [level('b'), 0.010165233628626216],
        p3: [level('c'), 0.003723693955971264],
      },
    )
    expect(modelOf(text)).toMatchObject({ family: 'poisson', link: 'log' })
    const score = scorerOf(text)
    expect(Math.exp(score({ x: 1, g: 'a' })[0] as number)).toBeCloseTo(1.090968337759418, 12)
    expect(Math.exp(score({ x: 5, g: 'b' })[0] as number)).toBeCloseTo(5.425800404540636, 12)
    expect(Math.exp(score({ x: 9, g: 'c' })[0] as number)).toBeCloseTo(26.540142514053386, 11)
  })

  it('knows powers as links, distributions as families, and a constant offset', () => {
    const text = glm(
      'functionName="regression" modelType="generalizedLinear" distribution="gamma" linkFunction="power" linkParameter="-1" offsetValue="0"',
      { p0: ['', 0.2134163092707519], p1: [covariate, -0.0175378581739992] },
    )
    expect(modelOf(text)).toMatchObject({ family: 'gamma', link: 'inverse' })
    expect(1 / (scorerOf(text)({ x: 9, g: 'a' })[0] as number)).toBeCloseTo(17.993512570653252, 11)
    expect(scorerOf(text.replace('offsetValue="0"', 'offsetValue="0.5"'))({ x: 0, g: 'a' })[0]).toBeCloseTo(
      0.7134163092707519,
      14,
    )
    const probit = glm(
      'functionName="classification" modelType="generalizedLinear" distribution="binomial" linkFunction="probit" targetReferenceCategory="0"',
      { p0: ['', -1.8069642766191147], p1: [covariate, 0.4074628325715672] },
      x + k,
    )
    expect(modelOf(probit)).toMatchObject({ family: 'binomial', link: 'probit' })
    expect(scorerOf(probit)({ x: 5 })[0]).toBeCloseTo(-1.8069642766191147 + 5 * 0.4074628325715672, 13)
  })

  it('of several classes leaves the reference without coefficients', () => {
    const three =
      '<DataField name="k" optype="categorical" dataType="string"><Value value="a"/><Value value="b"/><Value value="c"/></DataField>'
    const cells = ['a', 'b'].flatMap((c, i) => [
      `<PCell targetCategory="${c}" parameterName="p0" beta="${i + 1}"/>`,
      `<PCell targetCategory="${c}" parameterName="p1" beta="${i + 2}"/>`,
    ])
    const text = document(
      x + three,
      `<GeneralRegressionModel functionName="classification" modelType="multinomialLogistic" targetReferenceCategory="c">${target('k', 'x')}
        <ParameterList><Parameter name="p0"/><Parameter name="p1"/></ParameterList><CovariateList><Predictor name="x"/></CovariateList>
        <PPMatrix><PPCell value="1" predictorName="x" parameterName="p1"/></PPMatrix>
        <ParamMatrix>${cells.join('')}</ParamMatrix></GeneralRegressionModel>`,
    )
    expect(modelOf(text)).toMatchObject({ family: 'multinomial', classes: ['c', 'a', 'b'] })
    expect(scorerOf(text)({ x: 10 })).toEqual([0, 21, 32])
  })

  it('refuses interactions, offsets and trials by name, all at once', () => {
    const two = `${covariate}${level('b')}`
    const found = problemsOf(
      glm(
        'functionName="regression" modelType="generalizedLinear" distribution="poisson" linkFunction="log" offsetVariable="u" trialsVariable="n"',
        {
          p0: ['', 1],
          p1: [two, 2],
        },
      ),
    ).join('\n')
    expect(found).toMatch(/the offset "u"/)
    expect(found).toMatch(/the trials "n"/)
    expect(found).toMatch(/an interaction of x and g/)
  })
})

describe('Scorecard', () => {
  const card = document(
    x + g + y,
    `<Scorecard functionName="regression" initialScore="100" useReasonCodes="false">${target('y', 'x', 'g')}
      <Characteristics>
        <Characteristic name="age"><Attribute partialScore="-5"><SimplePredicate field="x" operator="isMissing"/></Attribute>
          <Attribute partialScore="10"><SimplePredicate field="x" operator="lessOrEqual" value="18"/></Attribute>
          <Attribute partialScore="20"><CompoundPredicate booleanOperator="and">
            <SimplePredicate field="x" operator="greaterThan" value="18"/><SimplePredicate field="x" operator="lessOrEqual" value="40"/></CompoundPredicate></Attribute>
          <Attribute partialScore="30"><SimplePredicate field="x" operator="greaterThan" value="40"/></Attribute></Characteristic>
        <Characteristic name="place"><Attribute partialScore="7"><SimpleSetPredicate field="g" booleanOperator="isIn"><Array n="2" type="string">a "b c"</Array></SimpleSetPredicate></Attribute>
          <Attribute partialScore="3"><SimplePredicate field="g" operator="equal" value="d"/></Attribute></Characteristic>
      </Characteristics></Scorecard>`,
  )

  it('adds the points of the first attribute that holds', () => {
    const score = scorerOf(card)
    const of = (value: number | null, place: string | null) => score({ x: value, g: place })[0]
    expect([of(18, 'a'), of(18.5, 'b c'), of(40, 'd'), of(41, 'other'), of(null, null)]).toEqual([
      117, 127, 123, 130, 95,
    ])
  })

  it('refuses intervals closed on either side', () => {
    const mixed = card
      .replace('operator="lessOrEqual" value="18"', 'operator="lessThan" value="18"')
      .replace('operator="greaterThan" value="18"', 'operator="greaterOrEqual" value="18"')
    expect(problemsOf(mixed).join()).toMatch(/intervals of "x" that are closed on either side/)
  })
})

describe('a document that is none', () => {
  it('is told from others, and refused with its place', () => {
    expect(isPmml('<?xml version="1.0"?>\n<PMML version="4.4">')).toBe(true)
    expect(isPmml('{"a": 1}')).toBe(false)
    expect(isPmml('<html>')).toBe(false)
    expect(problemsOf('<PMML><a></PMML>').join()).toMatch(/model\/import .*line 1, column/)
    expect(problemsOf('<PMML></PMML>').join()).toMatch(/it has no model/)
    expect(problemsOf(document(x, '<NeuralNetworkModel/>')).join()).toMatch(/it is a NeuralNetworkModel/)
    expect(problemsOf(document(x, `<RegressionModel>${schema('x')}</RegressionModel>`)).join()).toMatch(
      /no RegressionTable/,
    )
  })

  it('never expands entities', () => {
    const bomb = `<!DOCTYPE PMML [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>\n${document(x, '<RegressionModel>&b;</RegressionModel>').replace(/^.*\n/, '')}`
    expect(problemsOf(bomb).join()).toMatch(/model\/import/)
  })

  it('names fields and transformations that are not there', () => {
    const text = document(
      x + y,
      `<RegressionModel functionName="regression">${target('y', 'x')}<RegressionTable intercept="0">
        <NumericPredictor name="z" coefficient="1"/><NumericPredictor name="bent" coefficient="1"/><PredictorTerm coefficient="1"><FieldRef field="x"/></PredictorTerm></RegressionTable></RegressionModel>`,
      '<TransformationDictionary><DerivedField name="bent"><Apply function="tanh"><FieldRef field="x"/></Apply></DerivedField></TransformationDictionary>',
    )
    const found = problemsOf(text)
    expect(found.join('\n')).toMatch(/there is no field "z"/)
    expect(found.join('\n')).toMatch(/the function "tanh"/)
    expect(found.join('\n')).toMatch(/an interaction \(PredictorTerm\)/)
    expect(found.length).toBe(3)
  })
})
