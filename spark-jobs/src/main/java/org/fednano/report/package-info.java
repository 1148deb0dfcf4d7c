/** Reports for people: HTML and text, made from the Parquet metric tables alone. */
package org.fednano.report;
