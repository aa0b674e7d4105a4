package report

import (
	"bytes"
	"fmt"
	"html/template"
	"image/color"
	"io"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/stats"
)

// section is one table of the page, with the picture of its first comparison.
type section struct {
	Scenario, About, Case string
	Columns               []string
	Rows                  [][]string
	Picture               template.HTML
}

var page = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>wsbench</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #222; background: #fff }
table { border-collapse: collapse; display: block; overflow-x: auto; white-space: nowrap }
th, td { border-bottom: 1px solid #ddd; padding: .25rem .75rem .25rem 0; text-align: left }
h2 { margin-top: 3rem } svg { max-width: 100%; height: auto }
</style></head><body>
<h1>wsbench</h1>
<ul>{{range .Header}}<li>{{.}}</li>{{end}}</ul>
{{range .Sections}}{{if .About}}<h2>{{.Scenario}}</h2><p>{{.About}}.</p>{{end}}
<h3>{{.Scenario}}, {{.Case}}</h3>
{{.Picture}}
<table><tr>{{range .Columns}}<th scope="col">{{.}}</th>{{end}}</tr>
{{range .Rows}}<tr>{{range .}}<td>{{.}}</td>{{end}}</tr>
{{end}}</table>
{{end}}
{{if .Flaws}}<h2>Not whole</h2><ul>{{range .Flaws}}<li>{{.}}</li>{{end}}</ul>{{end}}
</body></html>
`))

// WriteHTML writes the report as one page that needs nothing else.
func (r *Report) WriteHTML(w io.Writer) error {
	data := struct {
		Header, Flaws []string
		Sections      []section
	}{Flaws: r.Flaws()}
	for _, line := range r.header() {
		if line != "" {
			data.Header = append(data.Header, line)
		}
	}
	last := ""
	for _, t := range r.tables() {
		s := section{Scenario: t.scenario, Case: t.kase, Columns: t.columns, Rows: t.rows}
		if t.scenario != last {
			last, s.About = t.scenario, About(t.scenario)
		}
		svg, err := r.picture(t)
		if err != nil {
			return fmt.Errorf("draw %s, %s: %w", t.scenario, t.kase, err)
		}
		s.Picture = template.HTML(svg) // of the plot library, which escapes texts
		data.Sections = append(data.Sections, s)
	}
	return page.Execute(w, data)
}

// picture draws the ratios of the first metric that is compared, with their
// ranges; it is empty where nothing is.
func (r *Report) picture(t *table) (string, error) {
	var names []string
	var points plotter.XYs
	var ranges plotter.YErrors
	metric := ""
	for _, x := range r.Results {
		if x.Scenario != t.scenario || x.Case != t.kase {
			continue
		}
		for _, m := range x.Metrics {
			if metric == "" && m.Ratio {
				metric = m.Name
			}
		}
		s := stats.Summarize(r.Ratio(x.Scenario, x.Case, metric, x.Library, r.Libraries[0].Name))
		if math.IsNaN(s.Median) {
			continue
		}
		points = append(points, plotter.XY{X: float64(len(names)), Y: s.Median})
		ranges = append(ranges, struct{ Low, High float64 }{s.Median - s.Low, s.High - s.Median})
		names = append(names, r.Title(x.Library))
	}
	if len(points) == 0 {
		return "", nil
	}
	p := plot.New()
	p.Y.Label.Text = metric + ", ratio to " + r.Libraries[0].Title
	p.Y.Min = 0
	values := make(plotter.Values, len(points))
	for i, q := range points {
		values[i] = q.Y
	}
	bars, err := plotter.NewBarChart(values, vg.Points(28))
	if err != nil {
		return "", err
	}
	bars.Color = color.RGBA{R: 0x4c, G: 0x78, B: 0xa8, A: 0xff}
	bars.LineStyle.Width = 0
	spread, err := plotter.NewYErrorBars(struct {
		plotter.XYer
		plotter.YErrorer
	}{points, ranges})
	if err != nil {
		return "", err
	}
	p.Add(plotter.NewGrid(), bars, spread)
	p.NominalX(names...)
	p.X.Tick.Label.Rotation = 0.4
	p.X.Tick.Label.XAlign = draw.XRight
	c := vgsvg.New(vg.Points(760), vg.Points(280))
	p.Draw(draw.New(c))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return "", err
	}
	// The declaration of a file of its own has no place within a page.
	_, svg, _ := bytes.Cut(b.Bytes(), []byte("<svg"))
	return "<svg" + string(svg), nil
}
