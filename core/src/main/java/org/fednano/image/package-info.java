/** Image files to pixels with Pillow's values, and an image processor's resizing, cropping and normalising. */
package org.fednano.image;
