"""PSNR and SSIM of 8-bit RGB."""
import cv2
import numpy as np

IDENTICAL_DB = 100.0


def psnr_db(picture, truth):
    """Over all samples of all channels."""
    mse = np.mean((picture.astype(np.float64) - truth) ** 2)
    return IDENTICAL_DB if mse == 0 else float(10 * np.log10(255**2 / mse))


def ssim(picture, truth):
    """Wang et al., "Image Quality Assessment: From Error Visibility to Structural Similarity", 2004: Gaussian window of 11×11,
    sigma 1.5, population covariance; mean of the channels, over the pixels whose window lies in the picture."""
    a, b = picture.astype(np.float64), truth.astype(np.float64)

    def mean(values):
        return cv2.GaussianBlur(values, (11, 11), 1.5)[5:-5, 5:-5]

    mean_a, mean_b = mean(a), mean(b)
    var_a, var_b = mean(a * a) - mean_a**2, mean(b * b) - mean_b**2
    covariance = mean(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    structure = (2 * covariance + c2) / (var_a + var_b + c2)
    return float(np.mean((2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1) * structure))
