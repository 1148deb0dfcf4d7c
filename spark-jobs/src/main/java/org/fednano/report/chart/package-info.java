/** The charts of a report. */
package org.fednano.report.chart;
