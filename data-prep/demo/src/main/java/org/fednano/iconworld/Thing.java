package org.fednano.iconworld;

/**
 * One figure of a scene.
 *
 * @param x centre, pixels from the left
 * @param y centre, pixels from the top
 * @param size width, pixels
 */
record Thing(Figure figure, Colour colour, double x, double y, double size) {}
