/** What a report is made of: metrics as read from the tables, their summary, shards, and the page as a tree. */
package org.fednano.report.data;
