/* The dispersed entry case (src/steppe/kernels/entry_case.py) in plain C with SIMD lanes: the speed to race against.
 * Given to this project as its yardstick, by the people who set the case, and kept as it came but for this comment; it
 * is built and run by bench/race.py only and is no part of steppe.
 * gcc -O3 -march=native -ffast-math -fopenmp-simd entry_simd.c -o entry_simd -lm && ./entry_simd 8192 1.0
 * Prints trajectories per second on one core and the end state of the first eight. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define W 32 /* lanes */
#define GM 3.986004418e14
#define RE 6378137.0
#define OM 7.292115e-5
#define RHO0 1.225
#define HS 7200.0
#define HEND 10e3
#define LAYERS 111 /* 1 km layers; exponential air is exact in each, so the table costs no accuracy */

static double rho_at[LAYERS + 1];
static const double PI = 3.14159265358979323846;

static inline __attribute__((always_inline)) void
rhs(double x, double y, double z, double u, double v, double w, double k, double cl, double sl,
    double *ax, double *ay, double *az, double *hh) {
    double ir = 1.0 / sqrt(x * x + y * y + z * z);
    double h = 1.0 / ir - RE;
    double t = fmin(fmax(h * 1e-3, 0.0), LAYERS - 1.0);
    int i = (int)t;
    double q = -(t - i) * (1000.0 / HS); /* |q| < 0.14: six terms give 1e-9 */
    double rho = rho_at[i] * (1 + q * (1 + q * (0.5 + q * (1 / 6.0 + q * (1 / 24.0 + q * (1 / 120.0))))));
    double V = sqrt(u * u + v * v + w * w), iv = 1.0 / V;
    double D = 0.5 * rho * V * k, L = D * V;
    double g = -GM * ir * ir * ir;
    double ux = x * ir, uy = y * ir, uz = z * ir, vx = u * iv, vy = v * iv, vz = w * iv;
    double d = ux * vx + uy * vy + uz * vz;
    double lx = ux - d * vx, ly = uy - d * vy, lz = uz - d * vz;
    double n = 1.0 / sqrt(lx * lx + ly * ly + lz * lz + 1e-30);
    lx *= n; ly *= n; lz *= n;
    double sx = vy * lz - vz * ly, sy = vz * lx - vx * lz, sz = vx * ly - vy * lx;
    *ax = g * x - D * u + L * (cl * lx + sl * sx) + 2 * OM * v + OM * OM * x;
    *ay = g * y - D * v + L * (cl * ly + sl * sy) - 2 * OM * u + OM * OM * y;
    *az = g * z - D * w + L * (cl * lz + sl * sz);
    *hh = h;
}

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 8192;
    double dt0 = argc > 2 ? atof(argv[2]) : 1.0;
    for (int i = 0; i <= LAYERS; i++) rho_at[i] = RHO0 * exp(-i * 1000.0 / HS);
    double lat0 = 30 * PI / 180, lon0 = 40 * PI / 180, hdg = 60 * PI / 180, bank = 60 * PI / 180, r = RE + 100e3;
    double up[3] = {cos(lat0) * cos(lon0), cos(lat0) * sin(lon0), sin(lat0)};
    double ea[3] = {-sin(lon0), cos(lon0), 0}, no[3] = {-sin(lat0) * cos(lon0), -sin(lat0) * sin(lon0), cos(lat0)};
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    double first[8][4]; long steps = 0;
    for (int blk = 0; blk * W < n; blk++) {
        double X[8][W], K[W], CL[W], SL[W], T[W], H0[W];
        for (int l = 0; l < W; l++) {
            int i = blk * W + l;
            double f = (-1.35 + 0.05 * sin((double)i)) * PI / 180, cd = 1.30 * (1 + 0.05 * sin(2.0 * i)), ld = 0.26 * (1 + 0.08 * sin(3.0 * i));
            for (int c = 0; c < 3; c++) {
                X[c][l] = r * up[c];
                X[3 + c][l] = 7600 * (sin(f) * up[c] + cos(f) * (sin(hdg) * ea[c] + cos(hdg) * no[c]));
            }
            K[l] = cd * 3.8 / 2900; CL[l] = ld * cos(bank); SL[l] = ld * sin(bank); X[6][l] = 100e3; T[l] = 0; H0[l] = 100e3;
        }
        for (int alive = 1; alive; steps += W) {
#pragma omp simd
            for (int l = 0; l < W; l++) {
                double on = X[6][l] > HEND ? 1.0 : 0.0, dt = on * dt0, q = dt * 0.5, s = dt / 6;
                double x = X[0][l], y = X[1][l], z = X[2][l], u = X[3][l], v = X[4][l], w = X[5][l], k = K[l], c = CL[l], d = SL[l];
                double a1, b1, c1, h, a2, b2, c2, a3, b3, c3, a4, b4, c4, hh;
                rhs(x, y, z, u, v, w, k, c, d, &a1, &b1, &c1, &h);
                double u2 = u + q * a1, v2 = v + q * b1, w2 = w + q * c1;
                rhs(x + q * u, y + q * v, z + q * w, u2, v2, w2, k, c, d, &a2, &b2, &c2, &hh);
                double u3 = u + q * a2, v3 = v + q * b2, w3 = w + q * c2;
                rhs(x + q * u2, y + q * v2, z + q * w2, u3, v3, w3, k, c, d, &a3, &b3, &c3, &hh);
                double u4 = u + dt * a3, v4 = v + dt * b3, w4 = w + dt * c3;
                rhs(x + dt * u3, y + dt * v3, z + dt * w3, u4, v4, w4, k, c, d, &a4, &b4, &c4, &hh);
                x += s * (u + 2 * u2 + 2 * u3 + u4); y += s * (v + 2 * v2 + 2 * v3 + v4); z += s * (w + 2 * w2 + 2 * w3 + w4);
                X[3][l] = u + s * (a1 + 2 * a2 + 2 * a3 + a4); X[4][l] = v + s * (b1 + 2 * b2 + 2 * b3 + b4); X[5][l] = w + s * (c1 + 2 * c2 + 2 * c3 + c4);
                H0[l] = on > 0 ? X[6][l] : H0[l];
                X[6][l] = sqrt(x * x + y * y + z * z) - RE; X[0][l] = x; X[1][l] = y; X[2][l] = z; T[l] += dt;
            }
            alive = 0;
            for (int l = 0; l < W; l++) alive |= X[6][l] > HEND;
        }
        for (int l = 0; l < W; l++) { /* back to 10 km along the last velocity: within centimetres at this speed */
            double ir = 1 / sqrt(X[0][l] * X[0][l] + X[1][l] * X[1][l] + X[2][l] * X[2][l]);
            double hd = (X[0][l] * X[3][l] + X[1][l] * X[4][l] + X[2][l] * X[5][l]) * ir, back = (HEND - X[6][l]) / hd;
            double x = X[0][l] + back * X[3][l], y = X[1][l] + back * X[4][l], z = X[2][l] + back * X[5][l];
            if (blk * W + l < 8) {
                double rr = sqrt(x * x + y * y + z * z);
                first[l][0] = T[l] + back; first[l][1] = asin(z / rr) * 180 / PI; first[l][2] = atan2(y, x) * 180 / PI;
                first[l][3] = sqrt(X[3][l] * X[3][l] + X[4][l] * X[4][l] + X[5][l] * X[5][l]);
            }
        }
    }
    clock_gettime(CLOCK_MONOTONIC, &b);
    double s = (b.tv_sec - a.tv_sec) + 1e-9 * (b.tv_nsec - a.tv_nsec);
    int flown = (n + W - 1) / W * W;
    for (int i = 0; i < 8; i++) printf("%d t_s %.3f latitude_deg %.6f longitude_deg %.6f speed_m_s %.3f\n", i, first[i][0], first[i][1], first[i][2], first[i][3]);
    printf("trajectories_per_second_per_core %.0f  microseconds_each %.2f  ns_per_rhs %.2f\n", flown / s, 1e6 * s / flown, 1e9 * s / steps / 4);
    return 0;
}
